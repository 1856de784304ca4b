// Collector is a local server that speaks the ingestion and read protocols of Langfuse and of
// LangSmith: it accepts what their servers accept, refuses what they refuse, and keeps the rest in
// SQLite. It takes OTLP of any other program too, and shows all of it on a web page. It serves from
// the end of its constructor to the beginning of its destructor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/api/viewer_api.h"
#include "collector/assets_route.h"
#include "collector/authenticator.h"
#include "collector/collector_options.h"
#include "collector/database.h"
#include "collector/http_handler.h"
#include "collector/http_server.h"
#include "collector/ingestion_route.h"
#include "collector/langsmith/langsmith_api.h"
#include "collector/legacy_reads_route.h"
#include "collector/live_hub.h"
#include "collector/observations_route.h"
#include "collector/otlp_route.h"
#include "collector/route.h"
#include "collector/score_reads_route.h"
#include "collector/scores_route.h"
#include "collector/signals/signals_api.h"
#include "collector/store.h"
#include "collector/traces/retention.h"
#include "collector/traces/text_index.h"

namespace llmtrace::collector {

class Collector : private HttpHandler {
 public:
  /// Opens the database and listens. Throws StoreError or std::runtime_error when it cannot.
  explicit Collector(const CollectorOptions& options);

  [[nodiscard]] std::uint16_t port() const noexcept { return server_->port(); }
  /// "http://127.0.0.1:43210"
  [[nodiscard]] std::string url() const;

 private:
  Admission admit(const HttpRequest& request) override;
  HttpResponse handle(const HttpRequest& request) override;

  std::vector<Route> make_routes();
  std::vector<Route> common_routes();
  std::vector<Route> page_routes();
  std::vector<Route> v4_routes();
  std::vector<Route> v2_routes();
  const Route* find(const HttpRequest& request) const;
  HttpResponse refuse_unknown(const HttpRequest& request) const;
  Guard needs(Access needed);
  std::vector<Route> for_token_holders(std::vector<Route> routes) const;
  HttpResponse health() const;
  void tell(const TraceIndex::News& news);

  CollectorOptions options_;
  Authenticator authenticator_;
  Database database_;
  CostEstimator costs_;
  TraceIndex index_;
  Store store_;
  AssetsRoute assets_;
  OtlpRoute otlp_;
  ScoresRoute scores_;
  IngestionRoute ingestion_;
  ObservationsRoute observations_;
  ScoreReadsRoute score_reads_;
  LegacyReadsRoute legacy_reads_;
  LangSmithApi langsmith_;
  LiveHub live_;
  TextIndex text_;
  Retention retention_;
  ViewerApi viewer_;
  SignalsApi signals_;
  std::vector<Route> routes_;         // constant once the server runs
  std::optional<HttpServer> server_;  // last: stops before anything that it uses goes
};

}  // namespace llmtrace::collector
