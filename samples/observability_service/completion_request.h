// What a client asks of POST /complete, read from JSON that may be anything.
#pragma once

#include <llmtrace/openai/chat.h>
#include <llmtrace/result.h>

#include <string_view>

namespace service {

struct CompletionRequest {
  llmtrace::openai::ChatRequest chat{};
  bool stream = false;
};

/// Reads {"prompt": "..."} or {"messages": [...]}, with "model", "temperature", "max_tokens" and
/// "stream" where they are wanted. The error says what is wrong with the body.
llmtrace::Result<CompletionRequest> read_completion_request(std::string_view body);

}  // namespace service
