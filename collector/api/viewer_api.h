// The routes under /api/ that the web page uses, and the intake of plain OTLP.
#pragma once

#include <functional>
#include <vector>

#include "collector/api/scores_api.h"
#include "collector/api/stats_route.h"
#include "collector/api/trace_list_route.h"
#include "collector/api/trace_route.h"
#include "collector/database.h"
#include "collector/plain_otlp_route.h"
#include "collector/route.h"
#include "collector/store.h"
#include "collector/traces/cost_estimator.h"
#include "collector/traces/span_store.h"
#include "collector/traces/trace_index.h"

namespace llmtrace::collector {

class ViewerApi {
 public:
  ViewerApi(Database& database, TraceIndex& index, const CostEstimator& costs, Store& store);

  /// They refer to this object.
  std::vector<Route> routes();

 private:
  std::vector<Route> read_routes();
  std::vector<Route> write_routes();

  SpanStore spans_;
  PlainOtlpRoute otlp_;
  TraceListRoute lists_;
  TraceRoute traces_;
  ScoresApi scores_;
  StatsRoute stats_;
};

}  // namespace llmtrace::collector
