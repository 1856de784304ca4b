#include "common/src/otlp/metric_intervals.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace llmtrace {
inline namespace v0 {
namespace {

std::string key_of(const MetricData& metric, const MetricPoint& point) {
  std::string key = metric.name;
  for (const auto& [name, value] : point.attributes) {
    for (const std::string& text : {name, value}) {
      key.append(1, '\n').append(std::to_string(text.size())).append(1, ':').append(text);
    }
  }
  return key;
}

bool is_delta(MetricTemporality temporality, const MetricData& metric) {
  if (metric.type != MetricType::Counter && metric.type != MetricType::Histogram) return false;
  return temporality == MetricTemporality::Delta ||
         (temporality == MetricTemporality::LowMemory && !metric.observed);
}

std::uint64_t total(const std::vector<std::uint64_t>& buckets) {
  return std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
}

}  // namespace

std::vector<MetricInterval> MetricIntervals::advance(std::vector<MetricData> totals,
                                                     Timestamp now) {
  std::vector<MetricInterval> intervals;
  for (MetricData& metric : totals) {
    MetricInterval interval;
    interval.delta = is_delta(temporality_, metric);
    interval.end = std::max(now, previous_);
    std::vector<MetricPoint> points = std::move(metric.points);
    interval.data = std::move(metric);
    interval.data.points.clear();
    for (MetricPoint& point : points) {
      Timestamp start;
      if (!advance_point(interval.data, interval.delta, point, start)) continue;
      interval.data.points.push_back(std::move(point));
      interval.starts.push_back(start);
    }
    if (!interval.starts.empty()) intervals.push_back(std::move(interval));
  }
  previous_ = std::max(now, previous_);
  return intervals;
}

// False when there is nothing to tell of it.
bool MetricIntervals::advance_point(const MetricData& metric, bool delta, MetricPoint& point,
                                    Timestamp& start) {
  const bool is_histogram = metric.type == MetricType::Histogram;
  if (!std::isfinite(is_histogram ? point.sum : point.value)) return false;
  if (metric.type == MetricType::Gauge || metric.type == MetricType::UpDownCounter) {
    start = start_;
    return true;
  }
  if (is_histogram && point.buckets.size() != metric.bounds.size() + 1) return false;
  Last& last = last_.try_emplace(key_of(metric, point), Last{.start = start_}).first->second;
  const bool has_news =
      is_histogram ? advance_histogram(delta, last, point) : advance_value(delta, last, point);
  start = delta ? previous_ : last.start;
  return has_news;
}

bool MetricIntervals::advance_value(bool delta, Last& last, MetricPoint& point) {
  if (point.value < last.value) last = {.start = previous_};  // it began anew
  const double added = point.value - last.value;
  last.value = point.value;
  if (!delta) return true;
  point.value = added;
  return added > 0;
}

// A bucket of a source that does not count exactly may seem to have lost what another look finds
// again: it counts once.
bool MetricIntervals::advance_histogram(bool delta, Last& last, MetricPoint& point) {
  if (point.count < last.count) last = {.start = previous_};  // it began anew
  last.count = point.count;
  last.buckets.resize(point.buckets.size());
  for (std::size_t i = 0; i < point.buckets.size(); ++i) {
    const std::uint64_t now = std::max(point.buckets[i], last.buckets[i]);
    point.buckets[i] = delta ? now - last.buckets[i] : now;
    last.buckets[i] = now;
  }
  const double added = point.sum - last.sum;
  last.sum = point.sum;
  point.count = total(point.buckets);
  if (delta) point.sum = added;
  return point.count > 0;
}

}  // namespace v0
}  // namespace llmtrace
