// POST /api/public/scores: one score as an object, and from v4.59 on many as an array.
#pragma once

#include <cstddef>

#include "collector/collector_options.h"
#include "collector/http_message.h"
#include "collector/store.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {

class ScoresRoute {
 public:
  static constexpr std::size_t kBodyLimitBytes = 1024 * 1024;

  ScoresRoute(Store& store, Behaviour behaviour) : store_(store), behaviour_(behaviour) {}

  HttpResponse post(const HttpRequest& request);
  static HttpResponse too_large();

 private:
  HttpResponse post_one(const JsonValue& body);
  HttpResponse post_many(const JsonValue& array);

  Store& store_;
  Behaviour behaviour_;
};

}  // namespace llmtrace::collector
