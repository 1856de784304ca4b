// OTLP metrics as bytes: ExportMetricsServiceRequest in protobuf or in its JSON mapping. Field
// numbers and the JSON rules are those of opentelemetry-proto 1.10 (metrics.proto).
#pragma once

#include <llmtrace/export.h>

#include <memory>
#include <string>

#include "common/src/encoder.h"
#include "common/src/otlp/attribute_sink.h"
#include "common/src/otlp/metric_intervals.h"
#include "common/src/otlp/span_encoder.h"

namespace llmtrace {
inline namespace v0 {

/// AggregationTemporality of metrics.proto.
enum class AggregationTemporality : unsigned char { Delta = 1, Cumulative = 2 };

inline AggregationTemporality temporality_of(const MetricInterval& metric) noexcept {
  return metric.delta ? AggregationTemporality::Delta : AggregationTemporality::Cumulative;
}

class LLMTRACE_EXPORT MetricEncoder {
 public:
  virtual ~MetricEncoder() = default;
  /// Appends one metric with all its points.
  virtual void encode(const MetricInterval& metric, std::string& out) const = 0;
  /// What stands around `payload_bytes` of metrics.
  virtual Envelope envelope(std::size_t payload_bytes) const = 0;
  /// Between two metrics; 0 for none.
  virtual char separator() const noexcept = 0;

  static std::unique_ptr<MetricEncoder> make(OtlpEncoding encoding, const OtlpResource& resource);
};

std::unique_ptr<MetricEncoder> make_protobuf_metric_encoder(const OtlpResource& resource);
std::unique_ptr<MetricEncoder> make_json_metric_encoder(const OtlpResource& resource);

}  // namespace v0
}  // namespace llmtrace
