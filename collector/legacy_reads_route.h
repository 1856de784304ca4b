// The read side of servers of version 2: traces, observations and scores as objects of their own.
#pragma once

#include <string>
#include <string_view>

#include "collector/http_message.h"
#include "collector/store.h"

namespace llmtrace::collector {

class LegacyReadsRoute {
 public:
  explicit LegacyReadsRoute(Store& store) : store_(store) {}

  /// GET /api/public/traces/{id}, with its observations and scores.
  HttpResponse get_trace(std::string_view id);
  /// GET /api/public/observations
  HttpResponse get_observations(const HttpRequest& request);
  /// GET /api/public/scores
  HttpResponse get_scores(const HttpRequest& request);

 private:
  Store& store_;
};

}  // namespace llmtrace::collector
