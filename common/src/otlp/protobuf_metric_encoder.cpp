#include "common/src/otlp/metric_encoder.h"
#include "common/src/otlp/protobuf_sink.h"
#include "common/src/otlp/span_encoder_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using protobuf::Field;
using protozero::pbf_writer;

enum MetricField : Field {
  kName = 1,
  kDescription = 2,
  kUnit = 3,
  kGauge = 5,
  kSum = 7,
  kHistogram = 9
};
// Of Gauge, Sum and Histogram.
enum PointsField : Field { kPoints = 1, kTemporality = 2, kIsMonotonic = 3 };
enum NumberPointField : Field { kStart = 2, kTime = 3, kAsDouble = 4, kAttributes = 7 };
enum HistogramPointField : Field {
  kHistogramStart = 2,
  kHistogramTime = 3,
  kCount = 4,
  kSumOfValues = 5,
  kBucketCounts = 6,
  kBounds = 7,
  kHistogramAttributes = 9,
  kMin = 11,
  kMax = 12
};

void add_attributes(const MetricPoint& point, Field field, std::string& out) {
  protobuf::ProtobufSink sink(out, field);
  for (const auto& [name, value] : point.attributes) sink.text(name, value);
}

void add_number_point(const MetricInterval& metric, std::size_t index, pbf_writer& points,
                      std::string& out) {
  const MetricPoint& point = metric.data.points[index];
  pbf_writer message(points, kPoints);
  if (metric.data.type != MetricType::Gauge) {
    message.add_fixed64(kStart, unix_nanoseconds(metric.starts[index]));
  }
  message.add_fixed64(kTime, unix_nanoseconds(metric.end));
  message.add_double(kAsDouble, point.value);
  add_attributes(point, kAttributes, out);
}

void add_histogram_point(const MetricInterval& metric, std::size_t index, pbf_writer& points,
                         std::string& out) {
  const MetricPoint& point = metric.data.points[index];
  pbf_writer message(points, kPoints);
  message.add_fixed64(kHistogramStart, unix_nanoseconds(metric.starts[index]));
  message.add_fixed64(kHistogramTime, unix_nanoseconds(metric.end));
  message.add_fixed64(kCount, point.count);
  message.add_double(kSumOfValues, point.sum);
  message.add_packed_fixed<std::uint64_t>(kBucketCounts, point.buckets.begin(),
                                          point.buckets.end());
  message.add_packed_double(kBounds, metric.data.bounds.begin(), metric.data.bounds.end());
  add_attributes(point, kHistogramAttributes, out);
  if (metric.delta || point.count == 0) return;  // of an interval they are not known
  message.add_double(kMin, point.min);
  message.add_double(kMax, point.max);
}

Field points_field(MetricType type) noexcept {
  if (type == MetricType::Gauge) return kGauge;
  return type == MetricType::Histogram ? kHistogram : kSum;
}

class ProtobufMetricEncoder final : public MetricEncoder {
 public:
  explicit ProtobufMetricEncoder(const OtlpResource& resource) : envelope_(resource) {}

  void encode(const MetricInterval& metric, std::string& out) const override {
    const MetricData& data = metric.data;
    pbf_writer scope_metrics(out);
    const pbf_writer message(scope_metrics, protobuf::kScopeItems);
    protobuf::add_text(out, kName, data.name);
    protobuf::add_text(out, kDescription, data.description);
    protobuf::add_text(out, kUnit, data.unit);
    pbf_writer outer(out);
    pbf_writer points(outer, points_field(data.type));
    for (std::size_t i = 0; i < data.points.size(); ++i) {
      if (data.type == MetricType::Histogram) {
        add_histogram_point(metric, i, points, out);
      } else {
        add_number_point(metric, i, points, out);
      }
    }
    if (data.type == MetricType::Gauge) return;
    points.add_enum(kTemporality, static_cast<std::int32_t>(temporality_of(metric)));
    if (data.type == MetricType::Counter) points.add_bool(kIsMonotonic, true);
  }

  Envelope envelope(std::size_t payload_bytes) const override {
    return envelope_.around(payload_bytes);
  }
  char separator() const noexcept override { return 0; }

 private:
  const protobuf::ProtobufEnvelope envelope_;
};

}  // namespace

std::unique_ptr<MetricEncoder> make_protobuf_metric_encoder(const OtlpResource& resource) {
  return std::make_unique<ProtobufMetricEncoder>(resource);
}

}  // namespace v0
}  // namespace llmtrace
