// What of OpenTelemetry is no trace, without keys as POST /v1/traces:
// - POST /v1/logs: log records are stored with the spans that they belong to, and evaluation events
//   become scores; GET /api/traces/{id}/logs gives them back.
// - POST /v1/metrics: read, counted and discarded, and the sender is told so.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "collector/database.h"
#include "collector/route.h"
#include "collector/signals/log_store.h"
#include "collector/store.h"
#include "collector/traces/trace_index.h"

namespace llmtrace::collector {

class SignalsApi {
 public:
  SignalsApi(Database& database, const TraceIndex& index, Store& scores);

  /// They refer to this object.
  std::vector<Route> routes();

 private:
  HttpResponse put_logs(const HttpRequest& request);
  HttpResponse discard_metrics(const HttpRequest& request);
  HttpResponse logs_of(std::string_view trace);

  LogStore logs_;
  const TraceIndex& index_;
  Store& scores_;
  std::once_flag metrics_told_;
};

}  // namespace llmtrace::collector
