// RequestMetrics counts the service's own requests, in the process's default registry. Any thread.
#pragma once

#include <llmtrace/metrics.h>

#include <chrono>
#include <string_view>

namespace service {

class RequestMetrics {
 public:
  RequestMetrics();

  void begin() const noexcept { in_flight_.add(1); }
  /// `route` is one of the service's own, so that a client cannot make series.
  void end(std::string_view route, int status, std::chrono::nanoseconds duration) const noexcept;

  /// Of POST /complete, in seconds.
  llmtrace::Statistics completions() const { return completion_durations_.statistics(); }
  /// The share of those that were answered with 5xx.
  double error_rate() const;

 private:
  const llmtrace::MetricFamily<llmtrace::Counter> requests_;
  const llmtrace::MetricFamily<llmtrace::Histogram> durations_;
  const llmtrace::Gauge in_flight_;
  const llmtrace::Histogram completion_durations_;
  const llmtrace::Counter failed_completions_;
};

}  // namespace service
