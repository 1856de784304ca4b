// GET /api/stats: latency, tokens, cost and errors of a span of time, and how the collector is.
#pragma once

#include <functional>
#include <string>

#include "collector/api/api_fields.h"
#include "collector/database.h"
#include "collector/http_message.h"

namespace llmtrace::collector {

class StatsRoute {
 public:
  /// `add_collector` writes the members of "collector" that others know.
  StatsRoute(Database& database, std::function<void(ApiFields&)> add_collector)
      : database_(database), add_collector_(std::move(add_collector)) {}

  HttpResponse get(const HttpRequest& request) const;

 private:
  std::string collector_json() const;

  Database& database_;
  std::function<void(ApiFields&)> add_collector_;
};

}  // namespace llmtrace::collector
