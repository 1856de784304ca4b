// POST /api/public/otel/v1/traces: protobuf or JSON, plain or gzip. All of an export is stored or
// none.
#pragma once

#include <cstddef>

#include "collector/http_message.h"
#include "collector/store.h"

namespace llmtrace::collector {

class OtlpRoute {
 public:
  /// For the body as sent and again for what it unpacks to.
  static constexpr std::size_t kBodyLimitBytes = 20 * 1024 * 1024;

  explicit OtlpRoute(Store& store) : store_(store) {}

  /// Safe on any thread, as are the other routes.
  HttpResponse post(const HttpRequest& request);
  static HttpResponse too_large();

 private:
  Store& store_;
};

}  // namespace llmtrace::collector
