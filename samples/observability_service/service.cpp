#include "samples/observability_service/service.h"

#include <llmtrace/stats.h>

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

namespace service {
namespace {

using llmtrace::Json;

constexpr std::string_view kComplete = "/complete";
constexpr std::string_view kMetrics = "/metrics";
constexpr std::string_view kHealth = "/health";

HttpResponse method_not_allowed(std::string_view allowed) {
  HttpResponse response = error_response(405, "this path takes " + std::string(allowed) + " only");
  response.headers.push_back({"Allow", std::string(allowed)});
  return response;
}

Json delivery_json(const llmtrace::DestinationStats& stats) {
  return {
      {"destination", stats.destination}, {"state", stats.dropped_total() == 0 ? "ok" : "dropped"},
      {"submitted", stats.submitted},     {"delivered", stats.delivered},
      {"dropped", stats.dropped_total()}, {"in_memory", stats.in_memory},
      {"retries", stats.retries}};
}

// Media types are written in any case (RFC 9110, 8.3.1).
bool accepts_json(const HttpRequest& request) {
  constexpr std::string_view kJson = "application/json";
  const std::string_view accepted = request.header("Accept");
  const auto is_same = [](char written, char known) {
    return std::tolower(static_cast<unsigned char>(written)) == known;
  };
  return std::search(accepted.begin(), accepted.end(), kJson.begin(), kJson.end(), is_same) !=
         accepted.end();
}

}  // namespace

std::string_view Service::route_of(std::string_view path) noexcept {
  for (const std::string_view route : {kComplete, kMetrics, kHealth}) {
    if (path == route) return route;
  }
  return "other";
}

HttpResponse Service::handle(const HttpRequest& request, const std::string& request_id) const {
  const std::string_view route = route_of(request.path);
  if (route == "other") {
    return error_response(404, "there are POST /complete, GET /metrics and GET /health");
  }
  const std::string_view allowed = route == kComplete ? "POST" : "GET";
  if (request.method != allowed) return method_not_allowed(allowed);
  if (route == kComplete) return completion_.handle(request, request_id);
  return route == kMetrics ? metrics(request) : health();
}

HttpResponse Service::metrics(const HttpRequest& request) const {
  if (observability_ == nullptr) return error_response(404, "observability is off");
  if (!accepts_json(request)) {
    return {.content_type = std::string(llmtrace::Metrics::kContentType),
            .body = observability_->prometheus_text()};
  }
  Json dashboard = observability_->llm().dashboard();
  dashboard.merge({{"metrics", llmtrace::Metrics::process_default().snapshot()}});
  return {.body = std::move(dashboard).to_text()};
}

HttpResponse Service::health() const {
  if (observability_ == nullptr) {
    return {.body = Json{{"status", "ok"}, {"observability", "off"}}.to_text()};
  }
  std::vector<Json> delivery;
  bool is_dropping = false;
  for (const llmtrace::DestinationStats& stats : observability_->destinations()) {
    delivery.push_back(delivery_json(stats));
    is_dropping = is_dropping || stats.dropped_total() > 0;
  }
  const RequestMetrics& requests = observability_->requests();
  const llmtrace::Statistics completions = requests.completions();
  const Json health{{"status", is_dropping ? "degraded" : "ok"},
                    {"observability", "on"},
                    {"requests_total", completions.count},
                    {"error_rate", requests.error_rate()},
                    {"avg_latency_ms", completions.mean * 1e3},
                    {"delivery", delivery},
                    {"log_lines_lost", observability_->log().logger().dropped()}};
  return {.body = health.to_text()};
}

}  // namespace service
