// LlmMetrics keeps the numbers of LLM calls: requests, latency, time to first token, tokens, cost,
// cache hits, errors, calls in flight. While one lives it is filled by itself from every generation
// and embedding that OBSERVE or a client records, whether or not its trace is sampled; `record` is
// for calls that are not traced.
//
//   llmtrace::LlmMetrics metrics;
//   std::string text = llmtrace::Metrics::process_default().prometheus_text();
//
// Names and buckets are those of OpenTelemetry's GenAI conventions (1.41):
// gen_ai_client_operation_duration_seconds, gen_ai_client_token_usage,
// gen_ai_client_operation_time_to_first_chunk_seconds; what they do not have begins with llm_.
// All calls are thread-safe.
#pragma once

#include <llmtrace/export.h>
#include <llmtrace/json.h>
#include <llmtrace/metric_registry.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace llmtrace {
inline namespace v0 {

/// One call. Texts are copied if they are new. Token counts as providers give them: input includes
/// what was cached, output includes reasoning. What is not known stays unset.
struct LlmCall {
  std::string_view operation = "chat";  ///< gen_ai.operation.name: "chat", "embeddings", ...
  std::string_view provider{};          ///< gen_ai.provider.name: "openai", "anthropic", ...
  std::string_view model{};
  std::string_view error_type{};  ///< empty: it succeeded
  std::chrono::nanoseconds latency{};
  std::optional<std::chrono::nanoseconds> time_to_first_token{};
  std::optional<std::int64_t> input_tokens{};
  std::optional<std::int64_t> output_tokens{};
  std::optional<std::int64_t> cached_tokens{};
  std::optional<std::int64_t> reasoning_tokens{};
  std::optional<double> cost{};     ///< US dollars
  std::optional<bool> cache_hit{};  ///< the answer came from a cache of your own
};

struct LlmMetricsOptions {
  /// Where the series are; null: Metrics::process_default().
  Metrics* registry = nullptr;
  /// False: nothing is filled by itself.
  bool observe = true;
};

class LLMTRACE_EXPORT LlmMetrics {
 public:
  explicit LlmMetrics(LlmMetricsOptions options = {});
  ~LlmMetrics();
  LlmMetrics(const LlmMetrics&) = delete;
  LlmMetrics& operator=(const LlmMetrics&) = delete;

  void record(const LlmCall& call) noexcept;
  /// A call of that operation begins or ends; `record` does neither.
  void begin(std::string_view operation) noexcept;
  void end(std::string_view operation) noexcept;
  /// Your own cache of answers was asked, and knew the answer or not. For calls that are counted by
  /// themselves; `LlmCall::cache_hit` says the same of one that is recorded here.
  void cache_lookup(bool hit) noexcept;

  /// Of all successful and failed calls of all models together, in seconds.
  Statistics latency() const;
  /// Everything as one object: totals, error rate, percentiles, tokens, cost, cache, a line for
  /// each model, and what the clients delivered and dropped.
  Json dashboard() const;

 private:
  class Impl;
  class Watcher;
  std::shared_ptr<Impl> impl_;
  std::shared_ptr<Watcher> watcher_;
};

}  // namespace v0
}  // namespace llmtrace
