// Answerer turns a question and the passages found for it into an answer: a language model behind
// an OpenAI-compatible endpoint, or the built-in extractive one. Used by one thread at a time.
#pragma once

#include <llmtrace/json.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "samples/rag_pipeline/corpus.h"

namespace rag {

/// Additive: no token is in two of them.
struct Tokens {
  std::int64_t input = 0;         ///< without the cached ones
  std::int64_t cached_input = 0;  ///< read from the provider's prompt cache
  std::int64_t output = 0;

  std::int64_t total() const noexcept { return input + cached_input + output; }
};

struct Completion {
  std::string text{};
  std::string model{};
  std::optional<Tokens> tokens{};  ///< absent when the endpoint did not say
  std::string error{};             ///< not empty: there is no answer, and why
};

class Answerer {
 public:
  virtual ~Answerer() = default;
  virtual Completion answer(const std::string& question, const std::vector<Passage>& passages) = 0;
  /// "extractive" or "llm"
  virtual std::string kind() const = 0;
  /// One line for a person: what answers, and how tokens are counted.
  virtual std::string description() const = 0;
  /// How tokens are counted, for the trace.
  virtual std::string token_rule() const = 0;
  virtual llmtrace::Json model_parameters() const = 0;
};

std::unique_ptr<Answerer> make_extractive_answerer();
/// `base_url` as in OPENAI_BASE_URL, e.g. "http://127.0.0.1:8080/v1".
std::unique_ptr<Answerer> make_openai_answerer(std::string base_url, std::string api_key,
                                               std::string model);
/// By the environment: OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL; extractive without the
/// first.
std::unique_ptr<Answerer> make_answerer();

}  // namespace rag
