// An OTLP trace export as both encodings (protobuf, JSON) are decoded to: only what the collector
// reads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmtrace::collector {

struct OtlpValue {
  enum class Kind { String, Boolean, Number, Array, Object };

  Kind kind = Kind::String;
  std::string text{};  // a string's own text; JSON text of any other kind
};

/// The last of repeated keys wins.
using OtlpAttributes = std::map<std::string, OtlpValue, std::less<>>;

struct OtlpEvent {
  std::string name{};
  std::int64_t time_us = 0;
  OtlpAttributes attributes{};
};

struct OtlpSpan {
  std::string trace_id{};  // as received; hexadecimal when it came as bytes
  std::string span_id{};
  std::string parent_span_id{};
  std::string name{};
  std::optional<std::int64_t> start_us{};
  std::optional<std::int64_t> end_us{};
  OtlpAttributes attributes{};
  std::vector<OtlpEvent> events{};
  std::int64_t status_code = 0;
  std::string status_message{};
  std::string json{};  // the whole span in OTLP's JSON; see Keep
};

/// What a decoder keeps: all attributes, as Langfuse's server keeps them; all of them, each as the
/// JSON value that it stands for; or all that came, known or not, as OTLP's JSON, and beside it the
/// attributes that an index needs, without a call's content, which is most of its bytes.
enum class Keep { Attributes, AttributesAsJson, JsonAndIndexed };

/// Whether the attribute holds what a call was given or returned.
bool is_content(std::string_view key) noexcept;

struct OtlpScopeSpans {
  std::string scope_name{};
  std::string scope_version{};
  OtlpAttributes scope_attributes{};
  std::vector<OtlpSpan> spans{};
  std::string scope_json{};
};

struct OtlpResourceSpans {
  OtlpAttributes resource_attributes{};
  std::vector<OtlpScopeSpans> scope_spans{};
  std::string resource_json{};
};

using OtlpTrace = std::vector<OtlpResourceSpans>;

/// Adds an attribute unless its key could reach into a JavaScript prototype; those are dropped, as
/// the real server drops them.
void add_attribute(OtlpAttributes& attributes, std::string key, OtlpValue value);

/// OTLP's nanoseconds as microseconds; nothing for 0, which means "not given".
std::optional<std::int64_t> nanoseconds_to_us(std::uint64_t nanoseconds);

}  // namespace llmtrace::collector
