// Where runs come in: POST /runs, PATCH /runs/{id}, POST /runs/batch and POST /runs/multipart.
//
// A request that breaks a rule is refused whole and nothing of it is stored. An operation that a
// run has had already is no such breach: the rest of the request is stored and the answer is 409,
// "payload already received", because clients take a 409 as the delivery of all that they sent.
#pragma once

#include <string>
#include <string_view>

#include "collector/http_message.h"
#include "collector/langsmith/langsmith_options.h"
#include "collector/langsmith/run_body.h"
#include "collector/langsmith/run_store.h"

namespace llmtrace::collector {

class RunsRoute {
 public:
  RunsRoute(RunStore& store, const LangSmithOptions& options) : store_(store), options_(options) {}

  HttpResponse post(const HttpRequest& request);
  HttpResponse patch(const HttpRequest& request, std::string_view id);
  HttpResponse post_batch(const HttpRequest& request);
  HttpResponse post_multipart(const HttpRequest& request);
  static HttpResponse too_large();

 private:
  template <class Read>
  HttpResponse take(const HttpRequest& request, std::string_view done, const Read& read);

  RunBodyRules body_rules() const;

  RunStore& store_;
  const LangSmithOptions& options_;
};

}  // namespace llmtrace::collector
