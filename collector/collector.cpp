#include "collector/collector.h"

#include <llmtrace/json_writer.h>

#include <iterator>
#include <utility>

#include "collector/json_reply.h"
#include "collector/project.h"

namespace llmtrace::collector {
namespace {

constexpr std::string_view kTracePath = "/api/public/traces/";
constexpr std::string_view kIngestionPath = "/api/public/ingestion";

// A path that ends in '/' stands for itself and one more segment.
bool matches(std::string_view pattern, std::string_view path) {
  if (!pattern.ends_with('/')) return path == pattern;
  return path.size() > pattern.size() && path.starts_with(pattern) &&
         path.find('/', pattern.size()) == std::string_view::npos;
}

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
      store_(database_),
      otlp_(store_),
      scores_(store_, options.behaviour),
      ingestion_(store_, options.behaviour),
      observations_(store_),
      score_reads_(store_),
      legacy_reads_(store_),
      routes_(make_routes()),
      server_(options.server, *this) {}

std::string Collector::url() const {
  const bool is_ipv4 = options_.server.address == LoopbackAddress::Ipv4;
  return std::string("http://") + (is_ipv4 ? "127.0.0.1" : "[::1]") + ":" + std::to_string(port());
}

Admission Collector::admit(const HttpRequest& request) {
  const Route* route = find(request);
  if (route == nullptr) return {.refusal = refuse_unknown(request)};
  const Access access = authenticator_.access_of(request);
  if (route->access != Access::Nobody && access == Access::Nobody) {
    return {.refusal = unauthorized(request)};
  }
  if (route->access == Access::Project && access != Access::Project) {
    return {.refusal = message_reply(
                403, "Access denied: this route needs Basic auth with the secret key")};
  }
  return {.body_limit_bytes = route->body_limit_bytes, .too_large = route->too_large()};
}

HttpResponse Collector::handle(const HttpRequest& request) {
  return find(request)->answer(request);  // admit() has found it
}

std::vector<Collector::Route> Collector::make_routes() {
  std::vector<Route> routes = common_routes();
  std::vector<Route> more = options_.behaviour == Behaviour::V2 ? v2_routes() : v4_routes();
  routes.insert(routes.end(), std::make_move_iterator(more.begin()),
                std::make_move_iterator(more.end()));
  return routes;
}

std::vector<Collector::Route> Collector::common_routes() {
  return {{.method = "GET",
           .path = "/api/public/health",
           .access = Access::Nobody,
           .too_large = &takes_no_body,
           .answer = [this](const HttpRequest&) { return health(); }},
          {.method = "GET",
           .path = "/api/public/projects",
           .too_large = &takes_no_body,
           .answer = [](const HttpRequest&) { return projects(); }},
          {.method = "POST",
           .path = "/api/public/scores",
           .access = Access::Scores,
           .body_limit_bytes = ScoresRoute::kBodyLimitBytes,
           .too_large = &ScoresRoute::too_large,
           .answer = [this](const HttpRequest& request) { return scores_.post(request); }},
          {.method = "POST",
           .path = kIngestionPath,
           .access = Access::Scores,
           .body_limit_bytes = IngestionRoute::kBodyLimitBytes,
           .too_large = &IngestionRoute::too_large,
           .answer = [this](const HttpRequest& request) {
             return ingestion_.post(request, authenticator_.access_of(request));
           }}};
}

std::vector<Collector::Route> Collector::v4_routes() {
  return {{.method = "POST",
           .path = "/api/public/otel/v1/traces",
           .body_limit_bytes = OtlpRoute::kBodyLimitBytes,
           .too_large = &OtlpRoute::too_large,
           .answer = [this](const HttpRequest& request) { return otlp_.post(request); }},
          {.method = "POST",  // accepted and discarded, as there
           .path = "/api/public/otel/v1/metrics",
           .body_limit_bytes = OtlpRoute::kBodyLimitBytes,
           .too_large = &OtlpRoute::too_large,
           .answer = [](const HttpRequest&) { return json_reply(200, "{}"); }},
          {.method = "GET",
           .path = "/api/public/v2/observations",
           .too_large = &takes_no_body,
           .answer = [this](const HttpRequest& request) { return observations_.get(request); }},
          {.method = "GET",
           .path = "/api/public/v3/scores",
           .too_large = &takes_no_body,
           .answer = [this](const HttpRequest& request) { return score_reads_.get(request); }}};
}

std::vector<Collector::Route> Collector::v2_routes() {
  return {
      {.method = "GET",
       .path = kTracePath,
       .too_large = &takes_no_body,
       .answer =
           [this](const HttpRequest& request) {
             return legacy_reads_.get_trace(
                 std::string_view(request.path).substr(kTracePath.size()));
           }},
      {.method = "GET",
       .path = "/api/public/observations",
       .too_large = &takes_no_body,
       .answer =
           [this](const HttpRequest& request) { return legacy_reads_.get_observations(request); }},
      {.method = "GET",
       .path = "/api/public/scores",
       .too_large = &takes_no_body,
       .answer = [this](const HttpRequest& request) { return legacy_reads_.get_scores(request); }}};
}

const Collector::Route* Collector::find(const HttpRequest& request) const {
  for (const Route& route : routes_) {
    if (request.method == route.method && matches(route.path, request.path)) return &route;
  }
  return nullptr;
}

// A GET that this version has withdrawn is a 404, also where POST is served under the same path.
HttpResponse Collector::refuse_unknown(const HttpRequest& request) const {
  for (const Route& route : routes_) {
    if (matches(route.path, request.path) && request.method != "GET") {
      return message_reply(405, "Method not allowed");
    }
  }
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
