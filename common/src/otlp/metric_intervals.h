// MetricIntervals turns totals into what an exporter sends: totals since a start, or what was added
// since it last asked. It remembers the last totals of each series. Copying it and keeping the copy
// only when all is encoded makes a collection all or nothing.
#pragma once

#include <llmtrace/clock.h>
#include <llmtrace/export.h>
#include <llmtrace/metric_source.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace llmtrace {
inline namespace v0 {

/// A metric of one interval.
struct MetricInterval {
  MetricData data;
  bool delta = false;
  std::vector<Timestamp> starts;  ///< of each of its points
  Timestamp end{};
};

class LLMTRACE_EXPORT MetricIntervals {
 public:
  /// `start`: when the first interval began.
  MetricIntervals(MetricTemporality temporality, Timestamp start)
      : temporality_(temporality), previous_(start), start_(start) {}

  /// What the totals of `now` add. Series that say nothing new are left out of differences; values
  /// that are no finite numbers are left out.
  std::vector<MetricInterval> advance(std::vector<MetricData> totals, Timestamp now);

 private:
  struct Last {
    Timestamp start{};  // of the total: a source that began anew has a later one
    double value = 0;
    double sum = 0;
    std::uint64_t count = 0;
    std::vector<std::uint64_t> buckets{};
  };

  bool advance_point(const MetricData& metric, bool delta, MetricPoint& point, Timestamp& start);
  bool advance_value(bool delta, Last& last, MetricPoint& point);
  bool advance_histogram(bool delta, Last& last, MetricPoint& point);

  MetricTemporality temporality_;
  Timestamp previous_;  // when the last interval ended
  Timestamp start_;
  std::map<std::string, Last> last_;  // by name and attributes
};

}  // namespace v0
}  // namespace llmtrace
