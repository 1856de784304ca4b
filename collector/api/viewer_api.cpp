#include "collector/api/viewer_api.h"

#include <llmtrace/version.h>

#include <iterator>
#include <utility>

#include "collector/api/api_error.h"

namespace llmtrace::collector {
namespace {

constexpr std::size_t kSmallBodyBytes = std::size_t{1024} * 1024;

HttpResponse takes_no_body() {
  return api_error_reply({413, "too_large", "this request takes no body"});
}

HttpResponse takes_small_body() {
  return api_error_reply({413, "too_large", "the body is larger than 1 MiB"});
}

}  // namespace

ViewerApi::ViewerApi(const Parts& parts)
    : live_(parts.live),
      retention_(parts.retention),
      start_(std::chrono::steady_clock::now()),
      spans_(parts.database, parts.index, parts.costs),
      otlp_(spans_),
      lists_(parts.database),
      traces_(parts.database, parts.costs),
      scores_(parts.database, parts.store),
      stats_(parts.database, [this](ApiFields& fields) { add_state(fields); }) {}

std::vector<Route> ViewerApi::routes() {
  std::vector<Route> routes = read_routes();
  for (Route& route : routes) {
    route.method = "GET";
    route.too_large = &takes_no_body;
  }
  std::vector<Route> writes = write_routes();
  routes.insert(routes.end(), std::make_move_iterator(writes.begin()),
                std::make_move_iterator(writes.end()));
  return routes;
}

void ViewerApi::add_state(ApiFields& fields) const {
  fields.add("version", std::string_view(LLMTRACE_VERSION_STRING));
  fields.add("uptime_ms", std::chrono::duration_cast<std::chrono::milliseconds>(
                              std::chrono::steady_clock::now() - start_)
                              .count());
  fields.add("live_clients", std::uint64_t{live_.client_count()});
  fields.add("removed_traces", retention_.removed_traces());
}

std::vector<Route> ViewerApi::read_routes() {
  return {
      {.path = "/api/traces",
       .answer = [this](const HttpRequest& request) { return lists_.traces(request); }},
      {.path = "/api/traces/{}",
       .answer =
           [this](const HttpRequest& request) {
             return traces_.trace(request, path_segment(request.path));
           }},
      {.path = "/api/traces/{}/nodes/{}",
       .answer =
           [this](const HttpRequest& request) {
             return traces_.node(path_segment(request.path, 2), path_segment(request.path));
           }},
      {.path = "/api/traces/{}/export",
       .answer =
           [this](const HttpRequest& request) {
             return traces_.exported(path_segment(request.path, 1));
           }},
      {.path = "/api/sessions",
       .answer = [this](const HttpRequest& request) { return lists_.sessions(request); }},
      {.path = "/api/facets", .answer = [this](const HttpRequest&) { return lists_.facets(); }},
      {.path = "/api/scores",
       .answer = [this](const HttpRequest& request) { return scores_.list(request); }},
      {.path = "/api/live",
       .answer = [this](const HttpRequest& request) { return live_.subscribe(request); }},
      {.path = "/api/stats",
       .answer = [this](const HttpRequest& request) { return stats_.get(request); }},
  };
}

std::vector<Route> ViewerApi::write_routes() {
  return {
      {.method = "POST",
       .path = "/v1/traces",
       .body_limit_bytes = PlainOtlpRoute::kBodyLimitBytes,
       .too_large = &PlainOtlpRoute::too_large,
       .answer = [this](const HttpRequest& request) { return otlp_.post(request); }},
      {.method = "POST",
       .path = "/api/import",
       .body_limit_bytes = PlainOtlpRoute::kBodyLimitBytes,
       .too_large = &PlainOtlpRoute::too_large,
       .answer = [this](const HttpRequest& request) { return otlp_.import(request); }},
      {.method = "POST",
       .path = "/api/scores",
       .body_limit_bytes = kSmallBodyBytes,
       .too_large = &takes_small_body,
       .answer = [this](const HttpRequest& request) { return scores_.post(request); }},
      {.method = "DELETE",
       .path = "/api/scores/{}",
       .too_large = &takes_no_body,
       .answer =
           [this](const HttpRequest& request) {
             return scores_.remove(path_segment(request.path));
           }},
  };
}

}  // namespace llmtrace::collector
