// POST /complete: asks the model and tells what it said, what that took and where its trace is.
#pragma once

#include <llmtrace/openai/chat_client.h>

#include <stop_token>
#include <string>

#include "samples/observability_service/http_message.h"
#include "samples/observability_service/worker_threads.h"

namespace service {

class CompletionRoute {
 public:
  /// `ending` ends all calls that are under way.
  CompletionRoute(const llmtrace::openai::ChatClient& model, std::stop_token ending)
      : model_(model), ending_(std::move(ending)) {}

  HttpResponse handle(const HttpRequest& request, const std::string& request_id) const;

 private:
  HttpResponse complete(llmtrace::openai::ChatRequest request, const std::string& request_id) const;
  HttpResponse stream(llmtrace::openai::ChatRequest request, const std::string& request_id) const;
  HttpResponse failed(const llmtrace::Error& error) const;

  const llmtrace::openai::ChatClient& model_;
  mutable WorkerThreads threads_;  // of the streams
  const std::stop_token ending_;
};

}  // namespace service
