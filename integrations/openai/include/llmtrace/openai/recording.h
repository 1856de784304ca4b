// For programs with a client of their own: what it sent and got, read into what an observation
// says. Pure functions over texts from the wire; whatever those are, nothing is thrown but
// std::bad_alloc.
//
//   llmtrace::Observation call = llmtrace::start_observation(
//       llmtrace::openai::generation_of(request_body, url));
//   ... send it ...
//   call.end(llmtrace::openai::update_of({.reply = body, .http_status = 200, .endpoint = url}));
#pragma once

#include <llmtrace/export.h>
#include <llmtrace/observation.h>
#include <llmtrace/openai/chat.h>
#include <llmtrace/prices.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace llmtrace {
inline namespace v0 {
namespace openai {

/// What a request body for /chat/completions or /embeddings says: name, type, messages, model,
/// parameters, provider.
LLMTRACE_EXPORT ObservationParams generation_of(std::string_view request_body,
                                                std::string_view endpoint);

struct Outcome {
  std::string_view reply{};  ///< the body: JSON, or all server-sent events of a stream
  int http_status = 200;     ///< 0: none came
  std::string_view error{};  ///< what the client says went wrong: "timeout: ..."; empty: nothing
  std::string_view endpoint{};
  std::string_view request_model{};    ///< for the cost, when the reply names no model
  const PriceTable* prices = nullptr;  ///< null: the built-in table
};

/// What the reply says: output, usage, cost, finish reason; an error when it is none.
LLMTRACE_EXPORT ObservationUpdate update_of(const Outcome& outcome);

/// Reads a stream as it arrives, in pieces of any size. One thread.
class LLMTRACE_EXPORT StreamReader {
 public:
  explicit StreamReader(std::size_t max_bytes = std::size_t{32} << 20);
  ~StreamReader();
  StreamReader(StreamReader&&) noexcept;
  StreamReader& operator=(StreamReader&&) noexcept;

  /// The text that these bytes add to the first choice.
  std::string feed(std::string_view bytes);
  /// True once a token, a tool call or reasoning arrived.
  bool has_begun() const noexcept;
  /// True after "[DONE]", or a finish reason of every choice.
  bool is_complete() const noexcept;
  /// An error that the endpoint sent inside the stream, or that the stream is none; else empty.
  const std::string& error() const noexcept;
  /// All so far.
  ChatCompletion completion() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace openai
}  // namespace v0
}  // namespace llmtrace
