#include "tests/wire/any_signal.h"

#include <algorithm>
#include <limits>

namespace gen = rc::gen;
using llmtrace::MetricData;
using llmtrace::MetricInterval;
using llmtrace::MetricPoint;
using llmtrace::MetricType;
using llmtrace::OtlpSeverity;

namespace {

AnyLog any_log() {
  AnyLog log;
  log.time = any_time();
  log.severity = *gen::element(OtlpSeverity::Unspecified, OtlpSeverity::Debug, OtlpSeverity::Info,
                               OtlpSeverity::Warn, OtlpSeverity::Error);
  log.severity_text = *any_text();
  log.body = *any_text();
  log.event_name = *any_text();
  log.has_ids = *gen::arbitrary<bool>();
  log.trace_id = *gen::arbitrary<llmtrace::TraceId>();
  log.span_id = *gen::arbitrary<llmtrace::SpanId>();
  log.flags = *gen::element<std::uint32_t>(0, 1, 3);
  log.attributes = any_attributes();
  log.dropped_attributes =
      *gen::element<std::uint32_t>(0, 1, 128, std::numeric_limits<std::uint32_t>::max());
  return log;
}

std::uint64_t any_count() {
  return *gen::oneOf(gen::arbitrary<std::uint64_t>(),
                     gen::element<std::uint64_t>(0, 1, 127, 128, 9'007'199'254'740'993U,
                                                 std::numeric_limits<std::uint64_t>::max()));
}

MetricPoint any_point(std::size_t bounds) {
  MetricPoint point;
  point.attributes = *gen::scale(
      0.2, gen::container<decltype(point.attributes)>(gen::pair(any_text(), any_text())));
  point.value = *any_finite();
  point.count = any_count();
  point.sum = *any_finite();
  point.min = *any_finite();
  point.max = *any_finite();
  for (std::size_t i = 0; i <= bounds; ++i) point.buckets.push_back(any_count());
  return point;
}

MetricInterval any_metric() {
  MetricInterval metric;
  MetricData& data = metric.data;
  data.name = *any_text();
  data.description = *any_text();
  data.unit = *any_text();
  data.type = *gen::element(MetricType::Counter, MetricType::UpDownCounter, MetricType::Gauge,
                            MetricType::Histogram);
  if (data.type == MetricType::Histogram) {
    data.bounds = *gen::scale(0.2, gen::container<std::vector<double>>(any_finite()));
    std::sort(data.bounds.begin(), data.bounds.end());
  }
  metric.delta = *gen::arbitrary<bool>();
  metric.end = any_time();
  const int points = *gen::inRange(1, 4);
  for (int i = 0; i < points; ++i) {
    data.points.push_back(any_point(data.bounds.size()));
    metric.starts.push_back(any_time());
  }
  return metric;
}

// ---- the same for another program

std::string number_text(std::uint64_t number) { return quoted(std::to_string(number)); }

std::string log_of(const AnyLog& log) {
  return "{\"timeUnixNano\":" + nanoseconds_of(log.time) +
         member("severityNumber", std::to_string(static_cast<int>(log.severity))) +
         member("severityText", text_of(log.severity_text)) + member("body", text_of(log.body)) +
         member("eventName", text_of(log.event_name)) +
         member("traceId", log.has_ids ? hex_of(log.trace_id) : "null") +
         member("spanId", log.has_ids ? hex_of(log.span_id) : "null") +
         member("flags", std::to_string(log.flags)) +
         member("attributes", list_of(log.attributes, attribute_of)) +
         member("droppedAttributesCount", std::to_string(log.dropped_attributes)) + "}";
}

std::string pair_of(const std::pair<std::string, std::string>& pair) {
  return attribute_of({pair.first, pair.second});
}

std::string point_of(const MetricPoint& point, llmtrace::Timestamp start) {
  return "{\"startTimeUnixNano\":" + nanoseconds_of(start) +
         member("attributes", list_of(point.attributes, pair_of)) +
         member("value", double_of(point.value)) + member("count", number_text(point.count)) +
         member("sum", double_of(point.sum)) + member("min", double_of(point.min)) +
         member("max", double_of(point.max)) +
         member("buckets", list_of(point.buckets, number_text)) + "}";
}

std::string metric_of(const MetricInterval& metric) {
  constexpr const char* kTypes[] = {"counter", "upDownCounter", "gauge", "histogram"};
  std::size_t index = 0;
  const std::string points = list_of(metric.data.points, [&](const MetricPoint& point) {
    return point_of(point, metric.starts[index++]);
  });
  return "{\"name\":" + text_of(metric.data.name) +
         member("description", text_of(metric.data.description)) +
         member("unit", text_of(metric.data.unit)) +
         member("type", quoted(kTypes[static_cast<std::size_t>(metric.data.type)])) +
         member("isDelta", metric.delta ? "true" : "false") +
         member("timeUnixNano", nanoseconds_of(metric.end)) +
         member("bounds", list_of(metric.data.bounds, double_of)) + member("points", points) + "}";
}

template <class Element, class Make>
rc::Gen<std::vector<Element>> some(Make make) {
  return gen::exec([make] {
    std::vector<Element> elements;
    const int count = *gen::inRange(1, 10);
    for (int i = 0; i < count; ++i) elements.push_back(make());
    return elements;
  });
}

}  // namespace

rc::Gen<AnyLogs> any_logs() { return some<AnyLog>(any_log); }
rc::Gen<AnyMetrics> any_metrics() { return some<MetricInterval>(any_metric); }

std::string expectation_of(const AnyLogs& logs) {
  return "{\"logs\":" + list_of(logs, log_of) + "}";
}

std::string expectation_of(const AnyMetrics& metrics) {
  return "{\"metrics\":" + list_of(metrics, metric_of) + "}";
}
