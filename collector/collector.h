// Collector is a local server that speaks the ingestion and read protocol of Langfuse: it accepts
// what a server of the chosen version accepts, refuses what that version refuses, and keeps the
// rest in SQLite. It serves from the end of its constructor to the beginning of its destructor.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/authenticator.h"
#include "collector/collector_options.h"
#include "collector/database.h"
#include "collector/http_handler.h"
#include "collector/http_server.h"
#include "collector/ingestion_route.h"
#include "collector/legacy_reads_route.h"
#include "collector/observations_route.h"
#include "collector/otlp_route.h"
#include "collector/score_reads_route.h"
#include "collector/scores_route.h"
#include "collector/store.h"

namespace llmtrace::collector {

class Collector : private HttpHandler {
 public:
  /// Opens the database and listens. Throws StoreError or std::runtime_error when it cannot.
  explicit Collector(const CollectorOptions& options);

  [[nodiscard]] std::uint16_t port() const noexcept { return server_.port(); }
  /// "http://127.0.0.1:43210"
  [[nodiscard]] std::string url() const;

 private:
  struct Route {
    std::string_view method{};
    std::string_view path{};  // one that ends in '/' takes whatever id follows
    Access access = Access::Project;
    std::size_t body_limit_bytes = 0;
    HttpResponse (*too_large)() = nullptr;  // the reply to a longer body
    std::function<HttpResponse(const HttpRequest&)> answer{};
  };

  Admission admit(const HttpRequest& request) override;
  HttpResponse handle(const HttpRequest& request) override;

  std::vector<Route> make_routes();
  std::vector<Route> common_routes();
  std::vector<Route> v4_routes();
  std::vector<Route> v2_routes();
  const Route* find(const HttpRequest& request) const;
  HttpResponse refuse_unknown(const HttpRequest& request) const;
  HttpResponse health() const;

  CollectorOptions options_;
  Authenticator authenticator_;
  Database database_;
  Store store_;
  OtlpRoute otlp_;
  ScoresRoute scores_;
  IngestionRoute ingestion_;
  ObservationsRoute observations_;
  ScoreReadsRoute score_reads_;
  LegacyReadsRoute legacy_reads_;
  std::vector<Route> routes_;  // constant once the server runs
  HttpServer server_;          // last: stops before anything that it uses goes
};

}  // namespace llmtrace::collector
