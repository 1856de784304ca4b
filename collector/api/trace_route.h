// GET /api/traces/{trace_id} and what is below it: one trace, one node, the trace as OTLP.
#pragma once

#include <string>
#include <string_view>

#include "collector/database.h"
#include "collector/http_message.h"
#include "collector/traces/cost_estimator.h"

namespace llmtrace::collector {

class TraceRoute {
 public:
  TraceRoute(Database& database, const CostEstimator& costs) : database_(database), costs_(costs) {}

  HttpResponse trace(const HttpRequest& request, std::string_view trace_id) const;
  HttpResponse node(std::string_view trace_id, std::string_view id) const;
  HttpResponse exported(std::string_view trace_id) const;

 private:
  Database& database_;
  const CostEstimator& costs_;
};

}  // namespace llmtrace::collector
