#include "collector/langsmith/langsmith_api.h"

#include <llmtrace/json_writer.h>

#include <string>
#include <utility>

#include "collector/authenticator.h"
#include "collector/json_reply.h"
#include "collector/langsmith/base_url.h"
#include "collector/langsmith/replies.h"

namespace llmtrace::collector {
namespace {

constexpr std::size_t kSmallBodyBytes = std::size_t{1024} * 1024;

HttpResponse takes_no_body() { return detail_reply(413, "this request takes no body"); }

HttpResponse takes_small_body() { return detail_reply(413, "the body is larger than 1 MiB"); }

HttpResponse not_found(const HttpRequest&) { return detail_reply(404, "Not Found"); }

// Lets in who shows the key, as x-api-key or as a Bearer token; refuses by `refusal`.
Guard key_guard(const std::string& key, HttpResponse (*refusal)(int, std::string_view)) {
  return [key, refusal](const HttpRequest& request) -> std::optional<HttpResponse> {
    auto given = request.header("x-api-key");
    if (!given) given = bearer_token(request);
    if (!given || given->empty()) return refusal(401, "Unauthorized");
    if (!is_same_key(*given, key)) return refusal(403, "Forbidden");
    return std::nullopt;
  };
}

}  // namespace

LangSmithApi::LangSmithApi(Database& database, TraceIndex& index, const CostEstimator& costs,
                           LangSmithOptions options)
    : options_(std::move(options)),
      store_(database, index, costs),
      runs_(store_, options_),
      run_reads_(store_),
      feedback_(store_, options_),
      feedback_tokens_(store_),
      projects_(store_) {}

std::vector<Route> LangSmithApi::routes() {
  std::vector<Route> routes;
  for (const std::vector<Route>& group : {ingestion_routes(), read_routes(), feedback_routes()}) {
    for (const Route& route : group) {
      Route prefixed = route;
      prefixed.path.insert(0, kApiPrefix);
      routes.push_back(route);
      routes.push_back(std::move(prefixed));
    }
  }
  return routes;
}

std::vector<Route> LangSmithApi::ingestion_routes() {
  std::vector<Route> routes = {
      {.method = "POST",
       .path = "/runs",
       .answer = [this](const HttpRequest& request) { return runs_.post(request); }},
      {.method = "PATCH",
       .path = "/runs/{}",
       .answer =
           [this](const HttpRequest& request) {
             return runs_.patch(request, path_segment(request.path));
           }},
      {.method = "POST",
       .path = "/runs/batch",
       .answer = [this](const HttpRequest& request) { return runs_.post_batch(request); }},
      {.method = "POST", .path = "/runs/multipart", .answer = &not_found}};
  if (options_.takes_multipart) {
    routes.back().answer = [this](const HttpRequest& request) {
      return runs_.post_multipart(request);
    };
  }
  for (Route& route : routes) {
    route.guard = key_guard(options_.api_key, &error_reply);
    route.body_limit_bytes = options_.body_limit_bytes;
    route.too_large = &RunsRoute::too_large;
  }
  return routes;
}

std::vector<Route> LangSmithApi::read_routes() {
  std::vector<Route> routes = {
      {.method = "GET",
       .path = "/runs/{}",
       .answer =
           [this](const HttpRequest& request) {
             return run_reads_.get(request, path_segment(request.path));
           }},
      {.method = "GET",
       .path = "/runs/{}/attachments/{}",
       .answer =
           [this](const HttpRequest& request) {
             return run_reads_.get_attachment(path_segment(request.path, 2),
                                              path_segment(request.path));
           }},
      {.method = "POST",
       .path = "/runs/query",
       .body_limit_bytes = kSmallBodyBytes,
       .answer = [this](const HttpRequest& request) { return run_reads_.query(request); }},
      {.method = "GET",
       .path = "/sessions",
       .answer = [this](const HttpRequest& request) { return projects_.list(request); }},
      {.method = "GET",
       .path = "/sessions/{}",
       .answer =
           [this](const HttpRequest& request) {
             return projects_.get(path_segment(request.path));
           }},
      {.method = "GET", .path = "/info", .answer = [this](const HttpRequest&) { return info(); }}};
  for (Route& route : routes) {
    if (route.path != "/info") route.guard = key_guard(options_.api_key, &detail_reply);
    route.too_large = route.method == "GET" ? &takes_no_body : &takes_small_body;
  }
  return routes;
}

std::vector<Route> LangSmithApi::feedback_routes() {
  std::vector<Route> routes = {
      {.method = "POST",
       .path = "/feedback",
       .answer = [this](const HttpRequest& request) { return feedback_.post(request); }},
      {.method = "GET",
       .path = "/feedback",
       .answer = [this](const HttpRequest& request) { return feedback_.list(request); }},
      {.method = "POST",
       .path = "/feedback/tokens",
       .answer = [this](const HttpRequest& request) { return feedback_tokens_.post(request); }},
      {.method = "GET",
       .path = "/feedback/{}",
       .answer =
           [this](const HttpRequest& request) {
             return feedback_.get(path_segment(request.path));
           }},
      {.method = "PATCH",
       .path = "/feedback/{}",
       .answer =
           [this](const HttpRequest& request) {
             return feedback_.patch(request, path_segment(request.path));
           }},
      {.method = "DELETE",
       .path = "/feedback/{}",
       .answer =
           [this](const HttpRequest& request) {
             return feedback_.remove(path_segment(request.path));
           }},
      {.method = "GET",
       .path = "/feedback/tokens/{}",
       .answer =
           [this](const HttpRequest& request) {
             return feedback_tokens_.give_by_get(request, path_segment(request.path));
           }},
      {.method = "POST",
       .path = "/feedback/tokens/{}",
       .answer = [this](const HttpRequest& request) {
         return feedback_tokens_.give_by_post(request, path_segment(request.path));
       }}};
  for (Route& route : routes) {
    // The token in the path is the right to come in.
    const bool is_open = route.path == "/feedback/tokens/{}";
    if (!is_open) route.guard = key_guard(options_.api_key, &detail_reply);
    const bool has_body = route.method == "POST" || route.method == "PATCH";
    if (has_body) route.body_limit_bytes = kSmallBodyBytes;
    route.too_large = has_body ? &takes_small_body : &takes_no_body;
  }
  return routes;
}

HttpResponse LangSmithApi::info() const {
  std::string limits;
  JsonWriter(limits).object({{"use_multipart_endpoint", options_.takes_multipart},
                             {"scale_up_qsize_trigger", 1000},
                             {"scale_up_nthreads_limit", 16},
                             {"scale_down_nempty_trigger", 4},
                             {"size_limit", options_.size_limit},
                             {"size_limit_bytes", options_.size_limit_bytes}});
  std::string flags;
  JsonWriter(flags).object({{"zstd_compression_enabled", options_.takes_zstd},
                            {"gzip_body_enabled", options_.takes_gzip},
                            {"ch_query_enabled", !options_.feedback_needs_session},
                            {"sdb_query_enabled", options_.feedback_needs_session}});
  std::string version;
  JsonWriter(version).string(options_.version);
  return json_reply(200, "{\"version\":" + version + ",\"batch_ingest_config\":" + limits +
                             ",\"instance_flags\":" + flags + "}");
}

}  // namespace llmtrace::collector
