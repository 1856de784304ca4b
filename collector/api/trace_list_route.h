// GET /api/traces, /api/sessions and /api/facets: what there is, from the summaries alone.
#pragma once

#include "collector/database.h"
#include "collector/http_message.h"

namespace llmtrace::collector {

class TraceListRoute {
 public:
  explicit TraceListRoute(Database& database) : database_(database) {}

  HttpResponse traces(const HttpRequest& request) const;
  HttpResponse sessions(const HttpRequest& request) const;
  HttpResponse facets() const;

 private:
  Database& database_;
};

}  // namespace llmtrace::collector
