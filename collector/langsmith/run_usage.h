// The tokens and costs that a run's usage_metadata tells.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "collector/langsmith/run.h"

namespace llmtrace::collector {

struct RunUsage {
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
  std::int64_t total_tokens = 0;
  std::optional<std::string> prompt_token_details{};  // JSON
  std::optional<std::string> completion_token_details{};
  std::optional<std::string> prompt_cost{};  // a decimal number
  std::optional<std::string> completion_cost{};
  std::optional<std::string> total_cost{};
};

/// From the outputs, else from the metadata. Totals that are not given are sums.
RunUsage usage_of(const Run& run);

}  // namespace llmtrace::collector
