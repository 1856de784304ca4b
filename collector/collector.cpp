#include "collector/collector.h"

#include <llmtrace/json_writer.h>

#include <array>
#include <iterator>
#include <utility>

#include "collector/api/api_error.h"
#include "collector/json_reply.h"
#include "collector/langsmith/replies.h"
#include "collector/project.h"

namespace llmtrace::collector {
namespace {

constexpr std::string_view kLangfusePrefix = "/api/public/";
constexpr std::string_view kIngestionPath = "/api/public/ingestion";

HttpResponse takes_no_body() { return message_reply(413, "this request takes no body"); }

HttpResponse unauthorized(const HttpRequest& request) {
  constexpr std::string_view kMessage =
      "Invalid credentials. Confirm that you've configured the correct host and keys.";
  if (request.path == kIngestionPath) return named_error_reply(401, "UnauthorizedError", kMessage);
  return message_reply(401, kMessage);
}

HttpResponse projects() {
  return json_reply(200, R"({"data":[{"id":"local","name":"local","organization":)"
                         R"({"id":"local","name":"local"},"metadata":{}}]})");
}

}  // namespace

Collector::Collector(const CollectorOptions& options)
    : options_(options),
      authenticator_(options.public_key, options.secret_key),
      database_(options.database),
      costs_(options.prices),
      index_(database_, [this](const TraceIndex::News& news) { tell(news); }),
      store_(database_, index_, costs_),
      assets_(embedded_assets()),
      otlp_(store_),
      scores_(store_, options.behaviour),
      ingestion_(store_, options.behaviour),
      observations_(store_),
      score_reads_(store_),
      legacy_reads_(store_),
      langsmith_(database_, index_, costs_, options.langsmith),
      live_(database_),
      text_(database_),
      retention_(database_, text_, options.retention),
      viewer_({.database = database_,
               .index = index_,
               .costs = costs_,
               .store = store_,
               .live = live_,
               .retention = retention_}),
      signals_(database_, index_, store_),
      routes_(make_routes()) {
  if (database_.was_upgraded()) {
    store_.index_all();
    langsmith_.index_all();
  }
  server_.emplace(options.server, static_cast<HttpHandler&>(*this));
}

// What was stored is news to the page and to text search.
void Collector::tell(const TraceIndex::News& news) {
  live_.traces_changed(news.trace_ids);
  live_.scores_added(news.score_ids);
  text_.poke();
}

std::string Collector::url() const {
  return "http://" + host_of_address(options_.server.address) + ":" + std::to_string(port());
}

Admission Collector::admit(const HttpRequest& request) {
  const Route* route = find(request);
  if (route == nullptr) return {.refusal = refuse_unknown(request)};
  if (route->guard) {
    if (auto refusal = route->guard(request)) return {.refusal = std::move(refusal)};
  }
  return {.body_limit_bytes = route->body_limit_bytes, .too_large = route->too_large()};
}

HttpResponse Collector::handle(const HttpRequest& request) {
  return find(request)->answer(request);  // admit() has found it
}

// The guard of a Langfuse route.
Guard Collector::needs(Access needed) {
  return [this, needed](const HttpRequest& request) -> std::optional<HttpResponse> {
    const Access access = authenticator_.access_of(request);
    if (access == Access::Nobody) return unauthorized(request);
    if (needed == Access::Project && access != Access::Project) {
      return message_reply(403, "Access denied: this route needs Basic auth with the secret key");
    }
    return std::nullopt;
  };
}

std::vector<Route> Collector::make_routes() {
  std::vector<Route> routes;
  for (std::vector<Route>& group : std::array{
           page_routes(), common_routes(),
           options_.behaviour == Behaviour::V2 ? v2_routes() : v4_routes(), langsmith_.routes(),
           for_token_holders(viewer_.routes()), for_token_holders(signals_.routes())}) {
    routes.insert(routes.end(), std::make_move_iterator(group.begin()),
                  std::make_move_iterator(group.end()));
  }
  return routes;
}

// Routes of no vendor, which have no keys of their own.
std::vector<Route> Collector::for_token_holders(std::vector<Route> routes) const {
  if (options_.token.empty()) return routes;
  for (Route& route : routes) {
    route.guard = [this](const HttpRequest& request) -> std::optional<HttpResponse> {
      const auto given = bearer_token(request);
      if (given && is_same_key(*given, options_.token)) return std::nullopt;
      return api_error_reply(
          {401, "unauthorized", "send the token of --token as 'Authorization: Bearer TOKEN'"});
    };
  }
  return routes;
}

std::vector<Route> Collector::page_routes() {
  return {
      {.method = "GET",
       .path = "/",
       .too_large = &takes_no_body,
       .answer = [this](const HttpRequest& request) { return assets_.get(request, "index.html"); }},
      {.method = "GET",
       .path = "/assets/{}",
       .too_large = &takes_no_body,
       .answer = [this](const HttpRequest& request) {
         return assets_.get(request, path_segment(request.path));
       }}};
}

std::vector<Route> Collector::common_routes() {
  return {{.method = "GET",
           .path = "/api/public/health",
           .too_large = &takes_no_body,
           .answer = [this](const HttpRequest&) { return health(); }},
          {.method = "GET",
           .path = "/api/public/projects",
           .guard = needs(Access::Project),
           .too_large = &takes_no_body,
           .answer = [](const HttpRequest&) { return projects(); }},
          {.method = "POST",
           .path = "/api/public/scores",
           .guard = needs(Access::Scores),
           .body_limit_bytes = ScoresRoute::kBodyLimitBytes,
           .too_large = &ScoresRoute::too_large,
           .answer = [this](const HttpRequest& request) { return scores_.post(request); }},
          {.method = "POST",
           .path = std::string(kIngestionPath),
           .guard = needs(Access::Scores),
           .body_limit_bytes = IngestionRoute::kBodyLimitBytes,
           .too_large = &IngestionRoute::too_large,
           .answer = [this](const HttpRequest& request) {
             return ingestion_.post(request, authenticator_.access_of(request));
           }}};
}

std::vector<Route> Collector::v4_routes() {
  return {{.method = "POST",
           .path = "/api/public/otel/v1/traces",
           .guard = needs(Access::Project),
           .body_limit_bytes = OtlpRoute::kBodyLimitBytes,
           .too_large = &OtlpRoute::too_large,
           .answer = [this](const HttpRequest& request) { return otlp_.post(request); }},
          {.method = "POST",  // accepted and discarded, as there
           .path = "/api/public/otel/v1/metrics",
           .guard = needs(Access::Project),
           .body_limit_bytes = OtlpRoute::kBodyLimitBytes,
           .too_large = &OtlpRoute::too_large,
           .answer = [](const HttpRequest&) { return json_reply(200, "{}"); }},
          {.method = "GET",
           .path = "/api/public/v2/observations",
           .guard = needs(Access::Project),
           .too_large = &takes_no_body,
           .answer = [this](const HttpRequest& request) { return observations_.get(request); }},
          {.method = "GET",
           .path = "/api/public/v3/scores",
           .guard = needs(Access::Project),
           .too_large = &takes_no_body,
           .answer = [this](const HttpRequest& request) { return score_reads_.get(request); }}};
}

std::vector<Route> Collector::v2_routes() {
  return {
      {.method = "GET",
       .path = "/api/public/traces/{}",
       .guard = needs(Access::Project),
       .too_large = &takes_no_body,
       .answer =
           [this](const HttpRequest& request) {
             return legacy_reads_.get_trace(path_segment(request.path));
           }},
      {.method = "GET",
       .path = "/api/public/observations",
       .guard = needs(Access::Project),
       .too_large = &takes_no_body,
       .answer =
           [this](const HttpRequest& request) { return legacy_reads_.get_observations(request); }},
      {.method = "GET",
       .path = "/api/public/scores",
       .guard = needs(Access::Project),
       .too_large = &takes_no_body,
       .answer = [this](const HttpRequest& request) { return legacy_reads_.get_scores(request); }}};
}

const Route* Collector::find(const HttpRequest& request) const {
  for (const Route& route : routes_) {
    if (request.method == route.method && route.matches(request.path)) return &route;
  }
  return nullptr;
}

// A GET that this version has withdrawn is a 404, also where POST is served under the same path.
HttpResponse Collector::refuse_unknown(const HttpRequest& request) const {
  const bool is_langfuse = request.path.starts_with(kLangfusePrefix);
  const bool is_viewer = !is_langfuse && request.path.starts_with("/api/") &&
                         request.path != "/api/v1" && !request.path.starts_with("/api/v1/");
  for (const Route& route : routes_) {
    if (request.method == "GET" || !route.matches(request.path)) continue;
    if (is_viewer) {
      return api_error_reply({405, "method_not_allowed", request.method + " is not served here"});
    }
    return is_langfuse ? message_reply(405, "Method not allowed")
                       : detail_reply(405, "Method Not Allowed");
  }
  if (is_viewer) return api_error_reply(not_found(request.path));
  if (!is_langfuse) return detail_reply(404, "Not Found");
  return named_error_reply(404, "LangfuseNotFoundError",
                           "this server version has nothing at " + request.path);
}

HttpResponse Collector::health() const {
  std::string_view version = "4.59.0";
  if (options_.behaviour == Behaviour::V4_16) version = "4.16.0";
  if (options_.behaviour == Behaviour::V2) version = "2.95.12";
  std::string body;
  JsonWriter(body).object({{"status", "OK"}, {"version", version}});
  return json_reply(200, std::move(body));
}

}  // namespace llmtrace::collector
