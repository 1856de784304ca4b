// GET /api/public/v3/scores: scores as servers of version 4 return them.
#pragma once

#include "collector/http_message.h"
#include "collector/store.h"

namespace llmtrace::collector {

class ScoreReadsRoute {
 public:
  explicit ScoreReadsRoute(Store& store) : store_(store) {}

  HttpResponse get(const HttpRequest& request);

 private:
  Store& store_;
};

}  // namespace llmtrace::collector
