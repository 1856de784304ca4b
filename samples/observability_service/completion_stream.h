// CompletionStream asks the model on a thread of its own and hands on what it says as server-sent
// events, in OpenAI's form, while it says it. Going, it ends the call.
#pragma once

#include <llmtrace/openai/chat_client.h>

#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "samples/observability_service/http_message.h"
#include "samples/observability_service/worker_threads.h"

namespace service {

class CompletionStream final : public BodySource {
 public:
  using Outcome = llmtrace::Result<llmtrace::openai::ChatCompletion>;

  /// `ending`: the service is told to end now. The call belongs to the current observation.
  CompletionStream(const llmtrace::openai::ChatClient& model, llmtrace::openai::ChatRequest request,
                   std::string id, const std::stop_token& ending, WorkerThreads& threads);
  ~CompletionStream() override;
  CompletionStream(const CompletionStream&) = delete;
  CompletionStream& operator=(const CompletionStream&) = delete;

  /// Waits for the model's first words. An error when it failed before it said any.
  std::optional<llmtrace::Error> wait_for_begin();
  std::string next() override;
  std::string failure() const override;

 private:
  void run(const llmtrace::openai::ChatClient& model, llmtrace::openai::ChatRequest request);
  std::string text_event(const std::string& text) const;
  std::string last_events() const;

  const std::string id_;
  const std::string trace_id_;
  const std::chrono::steady_clock::time_point start_;
  mutable std::mutex mutex_;  // guards text_ and outcome_
  std::condition_variable changed_;
  std::string text_;  // arrived and not handed on yet
  std::optional<Outcome> outcome_;
  bool is_told_ = false;  // the outcome was handed on; the reader's alone
  std::stop_source stop_;
  const std::stop_callback<std::function<void()>> on_ending_;
  std::future<void> asked_;  // last: it begins when all else is there
};

}  // namespace service
