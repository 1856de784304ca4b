// The routes under /api/ that the web page uses, and the intake of plain OTLP. With a token they
// are for those who know it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "collector/api/scores_api.h"
#include "collector/api/stats_route.h"
#include "collector/api/trace_list_route.h"
#include "collector/api/trace_route.h"
#include "collector/database.h"
#include "collector/live_hub.h"
#include "collector/plain_otlp_route.h"
#include "collector/route.h"
#include "collector/store.h"
#include "collector/traces/cost_estimator.h"
#include "collector/traces/retention.h"
#include "collector/traces/span_store.h"
#include "collector/traces/trace_index.h"

namespace llmtrace::collector {

class ViewerApi {
 public:
  struct Parts {
    Database& database;
    TraceIndex& index;
    const CostEstimator& costs;
    Store& store;
    LiveHub& live;
    Retention& retention;
  };
  explicit ViewerApi(const Parts& parts);

  /// They refer to this object.
  std::vector<Route> routes();

 private:
  std::vector<Route> read_routes();
  std::vector<Route> write_routes();

  void add_state(ApiFields& fields) const;

  LiveHub& live_;
  Retention& retention_;
  const std::chrono::steady_clock::time_point start_;
  SpanStore spans_;
  PlainOtlpRoute otlp_;
  TraceListRoute lists_;
  TraceRoute traces_;
  ScoresApi scores_;
  StatsRoute stats_;
};

}  // namespace llmtrace::collector
