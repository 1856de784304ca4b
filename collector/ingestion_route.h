// POST /api/public/ingestion, the legacy batch. The reply is always a 207 with a verdict for each
// event; servers of version 4 refuse in it every event but scores and SDK logs.
#pragma once

#include <cstddef>

#include "collector/authenticator.h"
#include "collector/collector_options.h"
#include "collector/http_message.h"
#include "collector/store.h"

namespace llmtrace::collector {

class IngestionRoute {
 public:
  static constexpr std::size_t kBodyLimitBytes = 4'718'592;  // "4.5mb"

  IngestionRoute(Store& store, Behaviour behaviour) : store_(store), behaviour_(behaviour) {}

  HttpResponse post(const HttpRequest& request, Access access);
  static HttpResponse too_large();

 private:
  Store& store_;
  Behaviour behaviour_;
};

}  // namespace llmtrace::collector
