// POST /v1/traces: OTLP of any OpenTelemetry program, protobuf or JSON, plain or gzip, without
// keys. POST /api/import takes the same JSON from the page. Spans without valid ids are refused one
// by one, as OTLP's partial success has it; the others are stored.
#pragma once

#include <cstddef>

#include "collector/http_message.h"
#include "collector/traces/span_store.h"

namespace llmtrace::collector {

class PlainOtlpRoute {
 public:
  /// For the body as sent and again for what it unpacks to.
  static constexpr std::size_t kBodyLimitBytes = 20 * 1024 * 1024;

  explicit PlainOtlpRoute(SpanStore& store) : store_(store) {}

  HttpResponse post(const HttpRequest& request);
  HttpResponse import(const HttpRequest& request);
  static HttpResponse too_large();

 private:
  SpanStore& store_;
};

}  // namespace llmtrace::collector
