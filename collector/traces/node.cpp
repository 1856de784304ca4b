#include "collector/traces/node.h"

#include <algorithm>
#include <array>
#include <utility>

namespace llmtrace::collector {
namespace {

constexpr std::array<std::string_view, 3> kSources = {"langfuse", "langsmith", "otlp"};
constexpr std::array<std::string_view, 4> kLevels = {"DEBUG", "DEFAULT", "WARNING", "ERROR"};

template <class Value>
void fill(std::optional<Value>& value, std::optional<Value>& other) {
  if (!value) value = std::move(other);
}

}  // namespace

std::string_view to_string(Source source) noexcept {
  return kSources.at(static_cast<std::size_t>(source));
}

std::string_view to_string(NodeLevel level) noexcept {
  return kLevels.at(static_cast<std::size_t>(level));
}

std::optional<NodeLevel> level_from_text(std::string_view text) noexcept {
  const auto found = std::find(kLevels.begin(), kLevels.end(), text);
  if (found == kLevels.end()) return std::nullopt;
  return static_cast<NodeLevel>(found - kLevels.begin());
}

void merge_node(MergedNode& merged, Node other) {
  merged.sources |= std::int64_t{1} << other.source;
  Node& node = merged.node;
  fill(node.parent_id, other.parent_id);
  if (node.type == "SPAN") node.type = std::move(other.type);
  fill(node.name, other.name);
  node.level = std::max(node.level, other.level);
  fill(node.status_message, other.status_message);
  fill(node.end_us, other.end_us);
  fill(node.first_token_us, other.first_token_us);
  fill(node.model, other.model);
  fill(node.provider, other.provider);
  if (node.total_tokens == 0) {
    node.input_tokens = other.input_tokens;
    node.output_tokens = other.output_tokens;
    node.total_tokens = other.total_tokens;
  }
  const bool is_better = !node.cost_usd || (node.cost_is_estimated && !other.cost_is_estimated);
  if (other.cost_usd && is_better) {
    node.cost_usd = other.cost_usd;
    node.cost_is_estimated = other.cost_is_estimated;
  }
  fill(node.trace_name, other.trace_name);
  fill(node.user_id, other.user_id);
  fill(node.session_id, other.session_id);
  fill(node.environment, other.environment);
  fill(node.tags, other.tags);
  fill(node.release, other.release);
  fill(node.version, other.version);
}

}  // namespace llmtrace::collector
