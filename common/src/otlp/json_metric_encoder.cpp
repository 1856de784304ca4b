#include "common/src/otlp/json_sink.h"
#include "common/src/otlp/metric_encoder.h"

namespace llmtrace {
inline namespace v0 {
namespace {

void append_attributes(const MetricPoint& point, std::string& out) {
  out.append("{\"attributes\":[");
  JsonSink sink(out);
  for (const auto& [name, value] : point.attributes) sink.text(name, value);
  out.push_back(']');
}

void append_number(std::string& out, std::string_view key, double value) {
  out.append(",\"").append(key).append("\":");
  append_json_number(out, value);
}

void append_number_point(const MetricInterval& metric, std::size_t index, std::string& out) {
  const MetricPoint& point = metric.data.points[index];
  append_attributes(point, out);
  if (metric.data.type != MetricType::Gauge) {
    append_time(out, "startTimeUnixNano", metric.starts[index]);
  }
  append_time(out, "timeUnixNano", metric.end);
  append_number(out, "asDouble", point.value);
  out.push_back('}');
}

// 64-bit integers are decimal strings in proto3 JSON.
void append_histogram_point(const MetricInterval& metric, std::size_t index, std::string& out) {
  const MetricPoint& point = metric.data.points[index];
  append_attributes(point, out);
  append_time(out, "startTimeUnixNano", metric.starts[index]);
  append_time(out, "timeUnixNano", metric.end);
  out.append(",\"count\":\"").append(std::to_string(point.count)).append("\"");
  append_number(out, "sum", point.sum);
  out.append(",\"bucketCounts\":[");
  for (std::size_t i = 0; i < point.buckets.size(); ++i) {
    out.append(i == 0 ? "\"" : ",\"").append(std::to_string(point.buckets[i])).append("\"");
  }
  out.append("],\"explicitBounds\":[");
  for (std::size_t i = 0; i < metric.data.bounds.size(); ++i) {
    if (i != 0) out.push_back(',');
    append_json_number(out, metric.data.bounds[i]);
  }
  out.push_back(']');
  if (!metric.delta && point.count != 0) {  // of an interval they are not known
    append_number(out, "min", point.min);
    append_number(out, "max", point.max);
  }
  out.push_back('}');
}

std::string_view points_key(MetricType type) noexcept {
  if (type == MetricType::Gauge) return "gauge";
  return type == MetricType::Histogram ? "histogram" : "sum";
}

class JsonMetricEncoder final : public MetricEncoder {
 public:
  explicit JsonMetricEncoder(const OtlpResource& resource)
      : envelope_(json_envelope(resource, {"resourceMetrics", "scopeMetrics", "metrics"})) {}

  void encode(const MetricInterval& metric, std::string& out) const override {
    const MetricData& data = metric.data;
    out.append("{\"name\":");
    append_json_string(out, data.name);
    append_text(out, "description", data.description);
    append_text(out, "unit", data.unit);
    out.append(",\"").append(points_key(data.type)).append("\":{\"dataPoints\":[");
    for (std::size_t i = 0; i < data.points.size(); ++i) {
      if (i != 0) out.push_back(',');
      if (data.type == MetricType::Histogram) {
        append_histogram_point(metric, i, out);
      } else {
        append_number_point(metric, i, out);
      }
    }
    out.push_back(']');
    if (data.type != MetricType::Gauge) {
      out.append(",\"aggregationTemporality\":");
      append_json_integer(out, static_cast<std::int64_t>(temporality_of(metric)));
    }
    if (data.type == MetricType::Counter) out.append(",\"isMonotonic\":true");
    out.append("}}");
  }

  Envelope envelope(std::size_t /*payload_bytes*/) const override { return envelope_; }
  char separator() const noexcept override { return ','; }

 private:
  const Envelope envelope_;
};

}  // namespace

std::unique_ptr<MetricEncoder> make_json_metric_encoder(const OtlpResource& resource) {
  return std::make_unique<JsonMetricEncoder>(resource);
}

std::unique_ptr<MetricEncoder> MetricEncoder::make(OtlpEncoding encoding,
                                                   const OtlpResource& resource) {
  return encoding == OtlpEncoding::Protobuf ? make_protobuf_metric_encoder(resource)
                                            : make_json_metric_encoder(resource);
}

}  // namespace v0
}  // namespace llmtrace
