// Feedback on runs, one at a time: POST and GET /feedback, GET, PATCH and DELETE /feedback/{id}.
#pragma once

#include <string_view>

#include "collector/http_message.h"
#include "collector/langsmith/langsmith_options.h"
#include "collector/langsmith/run_store.h"

namespace llmtrace::collector {

class FeedbackRoute {
 public:
  FeedbackRoute(RunStore& store, const LangSmithOptions& options)
      : store_(store), options_(options) {}

  /// 404 while the run that it names is not there; clients try again.
  HttpResponse post(const HttpRequest& request);
  HttpResponse list(const HttpRequest& request);
  HttpResponse get(std::string_view id);
  HttpResponse patch(const HttpRequest& request, std::string_view id);
  HttpResponse remove(std::string_view id);

 private:
  RunStore& store_;
  const LangSmithOptions& options_;
};

}  // namespace llmtrace::collector
