// GET /sessions and GET /sessions/{id}: tracing projects, which LangSmith's API calls sessions.
#pragma once

#include <string_view>

#include "collector/http_message.h"
#include "collector/langsmith/run_store.h"

namespace llmtrace::collector {

class ProjectsRoute {
 public:
  explicit ProjectsRoute(RunStore& store) : store_(store) {}

  /// By name, by a part of it, and by id.
  HttpResponse list(const HttpRequest& request);
  HttpResponse get(std::string_view id);

 private:
  RunStore& store_;
};

}  // namespace llmtrace::collector
