#include "samples/observability_service/request_metrics.h"

#include <string>

namespace service {
namespace {

constexpr std::string_view kComplete = "/complete";

llmtrace::Metrics& registry() { return llmtrace::Metrics::process_default(); }

}  // namespace

RequestMetrics::RequestMetrics()
    : requests_(registry().counter({.name = "service_requests_total",
                                    .help = "HTTP requests answered.",
                                    .labels = {"route", "status"}})),
      durations_(registry().histogram(
          {.name = "service_request_duration_seconds",
           .help = "From the request's last byte until its answer is made; a stream's to its end.",
           .labels = {"route"},
           .buckets = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
                       60}})),
      in_flight_(
          registry()
              .gauge({.name = "service_requests_in_flight", .help = "HTTP requests under way."})
              .with()),
      completion_durations_(durations_.with(kComplete)),
      failed_completions_(
          registry()
              .counter({.name = "service_completion_failures_total",
                        .help = "Answers of /complete with 5xx, and streams that broke off."})
              .with()) {}

void RequestMetrics::end(const Ended& request) const noexcept {
  in_flight_.add(-1);
  // Statuses have three digits: no heap.
  requests_.with(request.route, std::to_string(request.status)).add();
  durations_.with(request.route).record(std::chrono::duration<double>(request.duration).count());
  if (request.route == kComplete && request.is_failure) failed_completions_.add();
}

double RequestMetrics::error_rate() const {
  const auto count = static_cast<double>(completions().count);
  return count > 0 ? failed_completions_.value() / count : 0;
}

}  // namespace service
