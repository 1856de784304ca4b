// OTLP spans as bytes: ExportTraceServiceRequest in protobuf or in its JSON mapping. Pure functions
// of a record. Field numbers and the JSON rules are those of opentelemetry-proto 1.10 (trace.proto,
// docs/specification.md).
#pragma once

#include <llmtrace/export.h>

#include <cstdint>
#include <memory>
#include <string>

#include "common/src/encoder.h"
#include "common/src/otlp/attribute_sink.h"
#include "common/src/otlp/span_mapper.h"

namespace llmtrace {
inline namespace v0 {

enum class OtlpEncoding : unsigned char { Protobuf, Json };

class LLMTRACE_EXPORT SpanEncoder {
 public:
  virtual ~SpanEncoder() = default;
  /// Appends one span; returns how many invalid numbers the mapper left out.
  virtual std::uint64_t encode(const Record& record, std::string& out) const = 0;
  /// What stands around `payload_bytes` of spans.
  virtual Envelope envelope(std::size_t payload_bytes) const = 0;
  virtual std::string content_type() const = 0;
  /// Between two spans; 0 for none.
  virtual char separator() const noexcept = 0;

  static std::unique_ptr<SpanEncoder> make(OtlpEncoding encoding, const OtlpResource& resource,
                                           std::unique_ptr<SpanMapper> mapper);
  /// For spans that have attributes of their own only: their name is the observation's.
  static std::unique_ptr<SpanEncoder> make(OtlpEncoding encoding, const OtlpResource& resource,
                                           AttributeMapper mapper);
};

}  // namespace v0
}  // namespace llmtrace
