// ChatClient calls any OpenAI-compatible endpoint (OpenAI, Azure, vLLM, llama.cpp, ...) and records
// each call as a generation: messages, parameters, usage, cost, time to first token, finish reason,
// retries and errors. It goes wherever the current observation goes, and is its child.
//
//   llmtrace::openai::ChatClient client;                       // OPENAI_BASE_URL, OPENAI_API_KEY
//   auto reply = client.complete({.model = "gpt-4o-mini", .messages = {{"user", "Hello"}}});
//   if (reply) std::puts(reply->text().c_str());
//
// Any thread may call it, several at once. Calls block; a stop_token ends them. Errors name the
// endpoint and the reason, never the key.
#pragma once

#include <llmtrace/export.h>
#include <llmtrace/http_client.h>
#include <llmtrace/openai/chat.h>
#include <llmtrace/prices.h>
#include <llmtrace/result.h>
#include <llmtrace/secret.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace llmtrace {
inline namespace v0 {
namespace openai {

struct ChatConfig {
  ConfigText base_url{};  ///< OPENAI_BASE_URL; https://api.openai.com/v1
  Secret api_key{};       ///< OPENAI_API_KEY; none: no Authorization header
  ConfigText model{};     ///< OPENAI_MODEL; for requests that name none
  /// For the model's provider as OpenTelemetry names it; default: by the endpoint's host, else
  /// "openai".
  std::string provider{};
  std::vector<llmtrace::HttpHeader> headers{};  ///< with every request
  /// For one call with all its attempts and waits, streams included.
  std::chrono::milliseconds timeout{120'000};
  /// A stream that says nothing for so long is given up; other answers have `timeout` alone.
  std::chrono::milliseconds idle_timeout{60'000};
  /// After no answer, 408, 409, 429 and 5xx. A Retry-After is kept to when it fits in `timeout`;
  /// else full-jitter backoff from `retry_delay` on. A stream is never asked for again once it
  /// spoke.
  int max_retries = 2;
  std::chrono::milliseconds retry_delay{500};
  std::size_t max_reply_bytes = std::size_t{32} << 20;
  bool capture_content = true;  ///< false: neither messages nor answers are recorded
  /// True: the endpoint gets traceparent, so that its own traces continue this one.
  bool propagate = false;
  std::optional<std::string> proxy{};
  ConfigText ca_file{};
  /// Null: the built-in table.
  std::shared_ptr<const PriceTable> prices{};
};

class LLMTRACE_EXPORT ChatClient {
 public:
  /// Throws std::invalid_argument for a wrong URL, header or duration.
  explicit ChatClient(ChatConfig config = {});
  ~ChatClient();
  ChatClient(ChatClient&&) noexcept;
  ChatClient& operator=(ChatClient&&) noexcept;

  /// POST /chat/completions.
  Result<ChatCompletion> complete(ChatRequest request) const;
  /// The same as a stream of server-sent events, with usage.
  Result<ChatCompletion> stream(ChatRequest request, const OnText& on_text) const;
  /// POST /embeddings.
  Result<Embeddings> embed(EmbeddingRequest request) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace openai
}  // namespace v0
}  // namespace llmtrace
