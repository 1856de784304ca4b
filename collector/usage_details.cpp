#include "collector/usage_details.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "common/src/json_text.h"

namespace llmtrace::collector {
namespace {

using Costs = std::map<std::string, double, std::less<>>;

std::optional<std::int64_t> count_of(const JsonValue& value) {
  std::int64_t count = -1;
  if (value.is_integer()) {
    count = value.as_integer();
  } else if (value.is_string()) {
    const std::string& text = value.as_string();
    const auto result = std::from_chars(text.data(), text.data() + text.size(), count);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  }
  return count >= 0 ? std::optional(count) : std::nullopt;
}

void copy_count(UsageDetails& usage, const std::string& bucket, const JsonValue& value) {
  if (const auto count = count_of(value)) usage[bucket] = *count;
}

// OpenAI's details are parts of the sum beside them; here the buckets add up, so the parts move
// out.
void move_parts(UsageDetails& usage, const std::string& bucket, const JsonValue& details) {
  for (const JsonValue::Member& part : details.members()) {
    const auto count = count_of(part.second);
    if (!count) continue;
    usage[bucket + "_" + part.first] = *count;
    usage[bucket] = std::max<std::int64_t>(0, usage[bucket] - *count);
  }
}

struct OpenAiNames {
  std::string_view input, output;
};

bool read_open_ai(const JsonValue& object, const OpenAiNames& names, UsageDetails& usage) {
  const std::string input(names.input);
  const std::string output(names.output);
  if (object.find(input) == nullptr || object.find(output) == nullptr) return false;
  for (const JsonValue::Member& member : object.members()) {
    if (member.first != input && member.first != output && member.first != "total_tokens" &&
        member.first != input + "_details" && member.first != output + "_details") {
      return false;
    }
  }
  copy_count(usage, "input", object[input]);
  copy_count(usage, "output", object[output]);
  copy_count(usage, "total", object["total_tokens"]);
  move_parts(usage, "input", object[input + "_details"]);
  move_parts(usage, "output", object[output + "_details"]);
  return true;
}

std::optional<std::string> costs_to_json(Costs costs) {
  if (costs.empty()) return std::nullopt;
  const auto is_input_or_output = [](const auto& cost) {
    return cost.first == "input" || cost.first == "output";
  };
  if (std::all_of(costs.begin(), costs.end(), is_input_or_output)) {
    double total = 0;
    for (const auto& cost : costs) total += cost.second;
    costs["total"] = total;
  }
  std::string text;
  for (const auto& [bucket, cost] : costs) {
    text += text.empty() ? '{' : ',';
    append_json_string(text, bucket);
    text += ':';
    append_json_number(text, cost);
  }
  return text + "}";
}

}  // namespace

UsageDetails read_usage_details(const JsonValue& object) {
  UsageDetails usage;
  if (read_open_ai(object, {.input = "prompt_tokens", .output = "completion_tokens"}, usage) ||
      read_open_ai(object, {.input = "input_tokens", .output = "output_tokens"}, usage)) {
    return usage;
  }
  for (const JsonValue::Member& member : object.members()) {
    copy_count(usage, member.first, member.second);
  }
  return usage;
}

UsageDetails read_legacy_usage(const JsonValue& object) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kNames = {{
      {"input", "input"},
      {"output", "output"},
      {"total", "total"},
      {"promptTokens", "input"},
      {"completionTokens", "output"},
      {"totalTokens", "total"},
  }};
  UsageDetails usage;
  for (const auto& [name, bucket] : kNames) copy_count(usage, std::string(bucket), object[name]);
  return usage;
}

std::optional<std::string> usage_json(UsageDetails usage) {
  if (usage.empty()) return std::nullopt;
  if (!usage.contains("total")) {
    double total = 0;
    for (const auto& bucket : usage) total += static_cast<double>(bucket.second);
    // Counts near 2^63 come only from broken clients; their sum is not worth an overflow.
    if (total < 9e18) usage["total"] = static_cast<std::int64_t>(total);
  }
  std::string text;
  for (const auto& [bucket, count] : usage) {
    text += text.empty() ? '{' : ',';
    append_json_string(text, bucket);
    text += ':';
    append_json_integer(text, count);
  }
  return text + "}";
}

std::optional<std::string> cost_json(const JsonValue& object) {
  Costs costs;
  for (const JsonValue::Member& member : object.members()) {
    if (member.second.is_number() && member.second.as_double() >= 0) {
      costs[member.first] = member.second.as_double();
    }
  }
  return costs_to_json(std::move(costs));
}

std::optional<std::string> legacy_cost_json(const JsonValue& object) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kNames = {
      {{"inputCost", "input"}, {"outputCost", "output"}, {"totalCost", "total"}}};
  Costs costs;
  for (const auto& [name, bucket] : kNames) {
    if (object[name].is_number()) costs[std::string(bucket)] = object[name].as_double();
  }
  return costs_to_json(std::move(costs));
}

}  // namespace llmtrace::collector
