#include "collector/langsmith/run_usage.h"

#include <string_view>

#include "collector/langsmith/json_fields.h"
#include "common/src/json_text.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

// A number of usual length; null for anything else.
JsonValue number_in(std::string_view usage, std::string_view name) {
  constexpr std::size_t kLongest = 64;
  const std::string_view text = json_member(usage, {name});
  if (text.empty() || text.size() > kLongest) return {};
  const auto value = JsonValue::parse(text);
  return value && value->is_number() ? *value : JsonValue();
}

std::optional<std::string> cost_in(std::string_view usage, std::string_view name) {
  if (number_in(usage, name).is_null()) return std::nullopt;
  return std::string(json_member(usage, {name}));  // digit for digit as given
}

std::optional<std::string> object_in(std::string_view usage, std::string_view name) {
  const std::string_view text = json_member(usage, {name});
  return text.starts_with('{') ? std::optional(std::string(text)) : std::nullopt;
}

}  // namespace

RunUsage usage_of(const Run& run) {
  const std::string none;
  std::string_view usage = json_member(run.outputs ? *run.outputs : none, {"usage_metadata"});
  if (!usage.starts_with('{')) {
    usage = json_member(run.extra ? *run.extra : none, {"metadata", "usage_metadata"});
  }
  if (!usage.starts_with('{')) return {};
  RunUsage read{.prompt_tokens = number_in(usage, "input_tokens").as_integer(),
                .completion_tokens = number_in(usage, "output_tokens").as_integer(),
                .prompt_token_details = object_in(usage, "input_token_details"),
                .completion_token_details = object_in(usage, "output_token_details"),
                .prompt_cost = cost_in(usage, "input_cost"),
                .completion_cost = cost_in(usage, "output_cost"),
                .total_cost = cost_in(usage, "total_cost")};
  const JsonValue total = number_in(usage, "total_tokens");
  read.total_tokens =
      total.is_integer()
          ? total.as_integer()
          : static_cast<std::int64_t>(static_cast<std::uint64_t>(read.prompt_tokens) +
                                      static_cast<std::uint64_t>(read.completion_tokens));
  if (!read.total_cost && (read.prompt_cost || read.completion_cost)) {
    append_json_number(read.total_cost.emplace(), number_in(usage, "input_cost").as_double() +
                                                      number_in(usage, "output_cost").as_double());
  }
  return read;
}

}  // namespace llmtrace::collector
