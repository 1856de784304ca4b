// Feedback tokens: POST /feedback/tokens makes a URL under which somebody without a key gives
// feedback on one run, by GET or POST /feedback/tokens/{token}, until it expires.
#pragma once

#include <string_view>

#include "collector/http_message.h"
#include "collector/langsmith/run_store.h"

namespace llmtrace::collector {

class FeedbackTokensRoute {
 public:
  explicit FeedbackTokensRoute(RunStore& store) : store_(store) {}

  /// Takes one request or an array of them and answers in kind.
  HttpResponse post(const HttpRequest& request);
  /// The judgement is in the query.
  HttpResponse give_by_get(const HttpRequest& request, std::string_view token);
  /// The judgement is in the body.
  HttpResponse give_by_post(const HttpRequest& request, std::string_view token);

 private:
  HttpResponse give(std::string_view token, std::string_view json);

  RunStore& store_;
};

}  // namespace llmtrace::collector
