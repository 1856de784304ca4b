#include "common/src/token_counts.h"

#include <limits>
#include <string_view>

namespace llmtrace {
inline namespace v0 {
namespace {

// Counts that are too large to be added stay at the largest one.
void add(std::optional<std::int64_t>& total, std::int64_t count) noexcept {
  std::int64_t sum = 0;
  const bool overflows = __builtin_add_overflow(total.value_or(0), count, &sum);
  total = overflows ? std::numeric_limits<std::int64_t>::max() : sum;
}

bool has(std::string_view name, std::string_view word) noexcept {
  return name.find(word) != std::string_view::npos;
}

void add_input(TokenCounts& counts, std::string_view name, std::int64_t count) noexcept {
  add(counts.input, count);
  const bool is_cache = has(name, "cache");
  if (has(name, "audio")) {
    add(counts.input_audio, count);
  } else if (is_cache && (has(name, "creation") || has(name, "write"))) {
    add(counts.cache_creation, count);
  } else if (is_cache) {
    add(counts.cache_read, count);
  }
}

void add_output(TokenCounts& counts, std::string_view name, std::int64_t count) noexcept {
  add(counts.output, count);
  if (has(name, "audio")) add(counts.output_audio, count);
  if (has(name, "reasoning")) add(counts.reasoning, count);
}

}  // namespace

TokenCounts token_counts(const UsageDetails& usage) noexcept {
  TokenCounts counts;
  for (const auto& item : usage.items()) {
    const std::string_view name = item.name;
    const bool is_part = name != "input" && name != "output" && name != "total";
    if (item.value < 0) {
      ++counts.invalid;
    } else if (item.value == 0 && is_part) {
      continue;  // one that was taken back
    } else if (name == "total") {
      add(counts.total, item.value);
    } else if (name.starts_with("input") || name.starts_with("cache")) {
      add_input(counts, name, item.value);
    } else if (name.starts_with("output")) {
      add_output(counts, name, item.value);
    }
  }
  if (!counts.total && (counts.input || counts.output)) {
    add(counts.total, counts.input.value_or(0));
    add(counts.total, counts.output.value_or(0));
  }
  return counts;
}

std::optional<double> total_cost(const CostDetails& cost) noexcept {
  std::optional<double> sum;
  for (const auto& item : cost.items()) {
    if (!(item.value >= 0)) continue;
    if (item.name == "total") return item.value;
    sum = sum.value_or(0) + item.value;
  }
  return sum;
}

}  // namespace v0
}  // namespace llmtrace
