// Token usage as one set of counts. Users give it in buckets that add up ("input",
// "input_cached_tokens", ...); providers and OpenTelemetry include the parts in
// `input` and `output`, as these counts do.
#pragma once

#include <llmtrace/observation_params.h>

#include <cstdint>
#include <optional>

namespace llmtrace {
inline namespace v0 {

struct TokenCounts {
  std::optional<std::int64_t> input{};
  std::optional<std::int64_t> output{};
  std::optional<std::int64_t> total{};  ///< as given, else input and output
  std::optional<std::int64_t> cache_read{};
  std::optional<std::int64_t> cache_creation{};
  std::optional<std::int64_t> input_audio{};
  std::optional<std::int64_t> output_audio{};
  std::optional<std::int64_t> reasoning{};
  std::uint64_t invalid = 0;  ///< buckets that held no count
};

LLMTRACE_EXPORT TokenCounts token_counts(const UsageDetails& usage) noexcept;

/// The total cost: as given, else the sum of its parts; nothing when none is given.
LLMTRACE_EXPORT std::optional<double> total_cost(const CostDetails& cost) noexcept;

}  // namespace v0
}  // namespace llmtrace
