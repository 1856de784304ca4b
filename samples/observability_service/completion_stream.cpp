#include "samples/observability_service/completion_stream.h"

#include <llmtrace/observed_scope.h>

#include <exception>
#include <utility>
#include <vector>

#include "samples/observability_service/completion_reply.h"

namespace service {

using llmtrace::Json;
using llmtrace::openai::ChatClient;
using llmtrace::openai::ChatRequest;

namespace {

CompletionStream::Outcome ask(const ChatClient& model, ChatRequest request,
                              const llmtrace::openai::OnText& on_text) {
  try {
    CompletionStream::Outcome outcome = model.stream(std::move(request), on_text);
    if (outcome) llmtrace::current_observation().update({.output = outcome->text()});
    return outcome;
  } catch (const std::exception& error) {  // the reader waits for an outcome, whatever it is
    return llmtrace::Error{error.what()};
  }
}

}  // namespace

CompletionStream::CompletionStream(const ChatClient& model, ChatRequest request, std::string id,
                                   const std::stop_token& ending, WorkerThreads& threads)
    : id_(std::move(id)),
      trace_id_(llmtrace::current_observation().trace_id()),
      start_(std::chrono::steady_clock::now()),
      on_ending_(ending, [this] { stop_.request_stop(); }) {
  request.stop_token = stop_.get_token();
  asked_ = threads.run([this, &model, request = std::move(request),
                        context = llmtrace::Context::current()]() mutable {
    const llmtrace::ContextScope scope(std::move(context));
    run(model, std::move(request));
  });
}

CompletionStream::~CompletionStream() {
  stop_.request_stop();
  asked_.wait();
}

void CompletionStream::run(const ChatClient& model, ChatRequest request) {
  const auto on_text = [this](std::string_view text) {
    {
      const std::lock_guard lock(mutex_);
      text_ += text;
    }
    changed_.notify_one();
    return true;
  };
  Outcome outcome = ask(model, std::move(request), on_text);
  {
    const std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
  }
  changed_.notify_one();
}

std::optional<llmtrace::Error> CompletionStream::wait_for_begin() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !text_.empty() || outcome_; });
  if (text_.empty() && !*outcome_) return outcome_->error();
  return std::nullopt;
}

std::string CompletionStream::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !text_.empty() || outcome_; });
  if (!text_.empty()) return text_event(std::exchange(text_, {}));
  if (std::exchange(is_told_, true)) return {};
  return last_events();
}

std::string CompletionStream::failure() const {
  const std::lock_guard lock(mutex_);
  if (!is_told_) return "the client went before the end";
  return *outcome_ ? std::string() : outcome_->error().message;
}

std::string CompletionStream::text_event(const std::string& text) const {
  const Json choice{{"index", 0}, {"delta", Json{{"content", text}}}, {"finish_reason", nullptr}};
  const Json chunk{
      {"id", id_}, {"object", "chat.completion.chunk"}, {"choices", std::vector<Json>{choice}}};
  return "data: " + chunk.to_text() + "\n\n";
}

// An error is an event of its own, without the end mark that a client of OpenAI waits for.
std::string CompletionStream::last_events() const {
  if (!*outcome_) {
    const Json error{{"error", Json{{"message", outcome_->error().message}}},
                     {"trace_id", trace_id_}};
    return "data: " + error.to_text() + "\n\n";
  }
  const auto& completion = **outcome_;
  const Json choice{{"index", 0},
                    {"delta", std::initializer_list<llmtrace::JsonMember>{}},
                    {"finish_reason", completion.finish_reason()}};
  Json chunk{
      {"id", id_}, {"object", "chat.completion.chunk"}, {"choices", std::vector<Json>{choice}}};
  chunk.merge(facts_of(completion, std::chrono::steady_clock::now() - start_, trace_id_));
  return "data: " + chunk.to_text() + "\n\ndata: [DONE]\n\n";
}

}  // namespace service
