// An export of OTLP log records, as both encodings are decoded to: the JSON in which each record is
// kept, and what it is found by.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmtrace::collector {

struct OtlpLogRecord {
  std::optional<std::string> trace_id{};  // valid ones only, and a span's only with its trace's
  std::optional<std::string> span_id{};
  std::int64_t time_us = 0;
  std::string json{};
};

/// The records of one scope of one resource.
struct OtlpLogGroup {
  std::string resource_json{};  // {"resource": {...}, "scope": {...}}
  std::vector<OtlpLogRecord> records{};
};

/// Throw BadRequest for what is not of that encoding.
std::vector<OtlpLogGroup> decode_otlp_logs_protobuf(std::string_view body);
std::vector<OtlpLogGroup> decode_otlp_logs_json(std::string_view body);

}  // namespace llmtrace::collector
