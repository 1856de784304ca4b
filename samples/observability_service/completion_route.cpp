#include "samples/observability_service/completion_route.h"

#include <llmtrace/observed_scope.h>

#include <chrono>
#include <memory>
#include <utility>

#include "samples/observability_service/completion_reply.h"
#include "samples/observability_service/completion_request.h"
#include "samples/observability_service/completion_stream.h"

namespace service {
namespace {

using llmtrace::Json;
using llmtrace::openai::ChatRequest;
using llmtrace::openai::Message;

// For the trace's own line in the vendor's list: a single question as it is.
Json shown_input(const std::vector<Message>& messages) {
  if (messages.size() == 1) return messages.front().content;
  return messages;
}

// ChatClient's messages read "endpoint: type: reason".
bool is_timeout(const llmtrace::Error& error) {
  return error.http_status == 504 || error.message.find(": timeout: ") != std::string::npos;
}

}  // namespace

HttpResponse CompletionRoute::handle(const HttpRequest& request,
                                     const std::string& request_id) const {
  auto wanted = read_completion_request(request.body);
  if (!wanted) return error_response(wanted.error().http_status, wanted.error().message);
  CompletionRequest completion = *std::move(wanted);
  const auto observation = llmtrace::current_observation();
  if (observation) observation.update({.input = shown_input(completion.chat.messages)});
  return completion.stream ? stream(std::move(completion.chat), request_id)
                           : complete(std::move(completion.chat), request_id);
}

HttpResponse CompletionRoute::complete(ChatRequest request, const std::string& request_id) const {
  const auto start = std::chrono::steady_clock::now();
  request.stop_token = ending_;
  const auto completion = model_.complete(std::move(request));
  if (!completion) return failed(completion.error());
  const auto observation = llmtrace::current_observation();
  observation.update({.output = completion->text()});
  Json reply{{"id", request_id}, {"text", completion->text()}};
  reply.merge(
      facts_of(*completion, std::chrono::steady_clock::now() - start, observation.trace_id()));
  return {.body = reply.to_text()};
}

HttpResponse CompletionRoute::stream(ChatRequest request, const std::string& request_id) const {
  auto stream =
      std::make_unique<CompletionStream>(model_, std::move(request), request_id, ending_, threads_);
  if (const auto error = stream->wait_for_begin()) return failed(*error);
  return {.content_type = "text/event-stream", .stream = std::move(stream)};
}

HttpResponse CompletionRoute::failed(const llmtrace::Error& error) const {
  if (ending_.stop_requested()) return error_response(503, "the service is ending");
  const int status = is_timeout(error) ? 504 : 502;
  const std::string trace_id = llmtrace::current_observation().trace_id();
  const std::string message = "the model gave no answer: " + error.message;
  const Json body{{"error", message},
                  {"trace_id", trace_id.empty() ? Json(nullptr) : Json(trace_id)}};
  return {.status = status, .body = body.to_text(), .failure = message};
}

}  // namespace service
