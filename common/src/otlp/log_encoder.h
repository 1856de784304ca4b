// OTLP log records as bytes: ExportLogsServiceRequest in protobuf or in its JSON mapping. Field
// numbers and the JSON rules are those of opentelemetry-proto 1.10 (logs.proto).
#pragma once

#include <llmtrace/export.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/src/encoder.h"
#include "common/src/id_types.h"
#include "common/src/otlp/attribute_sink.h"
#include "common/src/otlp/span_encoder.h"

namespace llmtrace {
inline namespace v0 {

/// SeverityNumber of logs.proto.
enum class OtlpSeverity : unsigned char {
  Unspecified = 0,
  Debug = 5,
  Info = 9,
  Warn = 13,
  Error = 17
};

/// One log record. What is empty, or null, is not there.
struct OtlpLog {
  Timestamp time{};
  OtlpSeverity severity = OtlpSeverity::Unspecified;
  std::string_view severity_text{};
  std::string_view body{};
  std::string_view event_name{};  ///< of a record that is an event
  const TraceId* trace_id = nullptr;
  const SpanId* span_id = nullptr;
  std::uint32_t flags = 0;  ///< W3C's
};

/// Writes a record's attributes; returns how many were left out for a limit.
using WriteLogAttributes = std::function<std::uint32_t(AttributeSink&)>;

class LLMTRACE_EXPORT LogEncoder {
 public:
  virtual ~LogEncoder() = default;
  /// Appends one record.
  virtual void encode(const OtlpLog& log, const WriteLogAttributes& attributes,
                      std::string& out) const = 0;
  /// What stands around `payload_bytes` of records.
  virtual Envelope envelope(std::size_t payload_bytes) const = 0;
  /// Between two records; 0 for none.
  virtual char separator() const noexcept = 0;

  static std::unique_ptr<LogEncoder> make(OtlpEncoding encoding, const OtlpResource& resource);
};

std::unique_ptr<LogEncoder> make_protobuf_log_encoder(const OtlpResource& resource);
std::unique_ptr<LogEncoder> make_json_log_encoder(const OtlpResource& resource);

}  // namespace v0
}  // namespace llmtrace
