// OpenAI's JSON, both ways: request bodies out, replies and stream chunks in. What comes in is
// anybody's: members that are missing or of another type are as if they were not there.
#pragma once

#include <llmtrace/openai/chat.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/json_value.h"

namespace llmtrace {
inline namespace v0 {
namespace openai {

/// What the body of POST /chat/completions and its generation have in common, as JSON.
struct ChatPieces {
  Json messages;
  Json tools;       // absent: none
  Json parameters;  // absent: none. All else but the model and ChatRequest::extra
};

/// `streamed` asks for events, with usage at their end.
ChatPieces pieces_of(const ChatRequest& request, bool streamed);
/// The body of POST /chat/completions.
std::string request_body(const ChatRequest& request, const ChatPieces& pieces);
/// The body of POST /embeddings.
std::string request_body(const EmbeddingRequest& request);

/// A whole reply; nothing when it is none. One without choices may say what it cost.
std::optional<ChatCompletion> read_completion(const JsonValue& reply);
/// In the order of the input. A vector that is no list (base64, say) is empty.
std::optional<Embeddings> read_embeddings(const JsonValue& reply);
std::optional<Usage> read_usage(const JsonValue& reply);
/// What the endpoint says a call has cost (OpenRouter's usage.cost).
std::optional<double> read_cost(const JsonValue& reply);
/// The message of {"error": ...}, which is an object or a string; empty when there is none.
std::string read_error(const JsonValue& reply);

/// Puts the chunks of a stream together.
class ChunkReader {
 public:
  /// The text that `chunk` adds to the first choice.
  std::string add(const JsonValue& chunk);
  bool has_begun() const noexcept { return has_begun_; }
  /// Every choice has a finish reason.
  bool is_finished() const noexcept;
  const ChatCompletion& completion() const noexcept { return completion_; }

 private:
  // A hostile index must not make a vector large.
  static constexpr std::size_t kMostChoices = 128;
  static constexpr std::size_t kMostToolCalls = 256;

  std::string add_choice(const JsonValue& choice);
  void add_tool_call(Choice& choice, const JsonValue& call);

  ChatCompletion completion_;
  bool has_begun_ = false;
};

/// One choice as an assistant's message, several as an array of them.
Json output_of(const ChatCompletion& completion);
/// `text` is a JSON object; one without members is not given.
Json object_or_absent(std::string text);
/// In buckets that add up, as llmtrace takes them.
UsageDetails usage_details_of(const Usage& usage);

}  // namespace openai
}  // namespace v0
}  // namespace llmtrace
