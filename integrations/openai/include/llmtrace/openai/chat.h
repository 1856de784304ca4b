// What goes to and comes from an OpenAI-compatible endpoint: chat completions and embeddings, in
// the words of OpenAI's API.
#pragma once

#include <llmtrace/json.h>
#include <llmtrace/observation_params.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace llmtrace {
inline namespace v0 {
namespace openai {

/// A tool that the model wants to have called.
struct ToolCall {
  std::string id{};
  std::string name{};
  std::string arguments{};  ///< JSON text, as the model wrote it
};

struct Message {
  std::string role{};  ///< "system", "user", "assistant", "tool", ...
  Json content{};      ///< a string, or an array of parts
  std::vector<ToolCall> tool_calls{};
  std::string tool_call_id{};  ///< of a "tool" message: whose answer it is
};

/// As it is sent: messages are values wherever llmtrace takes one, `.input = request.messages`.
LLMTRACE_EXPORT void to_json(JsonWriter& writer, const Message& message);

/// What was given is sent; the rest is the endpoint's default.
struct ChatRequest {
  std::string model{};  ///< default: the client's
  std::vector<Message> messages{};
  std::optional<double> temperature{};
  std::optional<double> top_p{};
  std::optional<std::int64_t> max_tokens{};
  std::optional<std::int64_t> seed{};
  StringList stop{};
  Json tools{};  ///< an array
  Json tool_choice{};
  Json response_format{};
  Json extra{};  ///< an object: further members of the request

  // Not sent.
  std::string name{};  ///< of the generation; default: "chat" and the model
  Json metadata{};     ///< of the generation
  PromptReference prompt{};
  /// A request to stop ends the call at once, whatever it is waiting for.
  std::stop_token stop_token{};
};

/// Token counts as the endpoint gives them: prompt includes cached ones, completion reasoning.
struct Usage {
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
  std::int64_t cached_tokens = 0;
  std::int64_t reasoning_tokens = 0;
};

struct Choice {
  std::string text{};
  std::string refusal{};
  std::string reasoning{};  ///< reasoning_content, where an endpoint shows it
  std::vector<ToolCall> tool_calls{};
  std::string finish_reason{};
};

struct ChatCompletion {
  std::string id{};
  std::string model{};  ///< as the endpoint names it
  std::vector<Choice> choices{};
  std::optional<Usage> usage{};
  std::optional<double> cost{};  ///< US dollars: stated by the endpoint, or estimated
  std::optional<std::chrono::milliseconds> time_to_first_token{};  ///< of a stream
  int attempts = 1;

  /// Of the first choice.
  const std::string& text() const noexcept;
  const std::vector<ToolCall>& tool_calls() const noexcept;
  const std::string& finish_reason() const noexcept;
};

/// Called with each piece of the first choice's text as it arrives, on the calling thread; false
/// ends the call. What it throws is not caught.
using OnText = std::function<bool(std::string_view)>;

struct EmbeddingRequest {
  std::string model{};
  StringList input{};
  std::optional<std::int64_t> dimensions{};
  std::string name{};
  Json metadata{};
  std::stop_token stop_token{};
};

struct Embeddings {
  std::string model{};
  std::vector<std::vector<float>> vectors{};  ///< in the order of the input
  std::optional<Usage> usage{};
  std::optional<double> cost{};
  int attempts = 1;
};

}  // namespace openai
}  // namespace v0
}  // namespace llmtrace
