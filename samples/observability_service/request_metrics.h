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
  struct Ended {
    std::string_view route;  ///< one of the service's own, so that a client cannot make series
    int status = 0;
    std::chrono::nanoseconds duration{};
    bool is_failure = false;  ///< by the service's fault, whatever the status was when it began
  };
  void end(const Ended& request) const noexcept;

  /// Of POST /complete, in seconds.
  llmtrace::Statistics completions() const { return completion_durations_.statistics(); }
  /// The share of those that failed: answered with 5xx, or a stream that broke off.
  double error_rate() const;

 private:
  const llmtrace::MetricFamily<llmtrace::Counter> requests_;
  const llmtrace::MetricFamily<llmtrace::Histogram> durations_;
  const llmtrace::Gauge in_flight_;
  const llmtrace::Histogram completion_durations_;
  const llmtrace::Counter failed_completions_;
};

}  // namespace service
