// The read side of runs: GET /runs/{id}, POST /runs/query and the attachments' bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collector/http_message.h"
#include "collector/langsmith/run_store.h"

namespace llmtrace::collector {

class RunReadsRoute {
 public:
  explicit RunReadsRoute(RunStore& store) : store_(store) {}

  HttpResponse get(const HttpRequest& request, std::string_view id);
  /// By trace, ids, parent, project, reference example, type, error, root and start time. Search
  /// languages are refused.
  HttpResponse query(const HttpRequest& request);
  HttpResponse get_attachment(std::string_view run_id, std::string_view name);

 private:
  std::string runs_json(const std::vector<Run>& runs, const HttpRequest& request);

  RunStore& store_;
};

}  // namespace llmtrace::collector
