// OTLP exports for tests, written with protozero or as JSON text by code that shares nothing with
// the collector's decoders.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace llmtrace::collector::testing {

using Value = std::variant<std::string, bool, std::int64_t, double, std::vector<std::string>>;
using Attributes = std::vector<std::pair<std::string, Value>>;

inline constexpr const char* kTraceId = "0123456789abcdef0123456789abcdef";
inline constexpr const char* kSpanId = "00000000000000a1";
inline constexpr std::uint64_t kStart = 1'700'000'000'123'456'789;
inline constexpr std::uint64_t kEnd = kStart + 1'500'000'000;

struct SpanEvent {
  std::string name{};
  std::uint64_t time = kStart;
  Attributes attributes{};
};

struct Span {
  std::string trace_id = kTraceId;  // hexadecimal
  std::string span_id = kSpanId;
  std::string parent_id{};
  std::string name = "answer";
  std::uint64_t start = kStart;
  std::uint64_t end = kEnd;
  Attributes attributes{};
  int status_code = 0;
  std::string status_message{};
  std::vector<SpanEvent> events{};
};

struct Export {
  std::vector<Span> spans{};
  Attributes resource{};
  std::string scope_name = "langfuse-sdk-cpp";
  std::string scope_version = "1.0";
  Attributes scope_attributes{};
};

std::string protobuf_body(const Export& data);
std::string json_body(const Export& data);

/// An Any value of `depth` nested arrays around a string, as a span's only attribute "deep".
std::string deep_protobuf_body(int depth);

/// An export with one span whose attribute `key` has the encoded AnyValue `any_value`.
std::string protobuf_body_with_raw_value(const std::string& key, const std::string& any_value);

/// Bytes of a hexadecimal text.
std::string from_hex(const std::string& hex);

}  // namespace llmtrace::collector::testing
