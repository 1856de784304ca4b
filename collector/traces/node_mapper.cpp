#include "collector/traces/node_mapper.h"

#include <array>
#include <initializer_list>
#include <map>
#include <utility>

#include "collector/iso_time.h"
#include "collector/langsmith/json_fields.h"
#include "collector/langsmith/run_usage.h"
#include "collector/traces/trace_ids.h"
#include "common/src/json_text.h"
#include "common/src/json_value.h"
#include "common/src/token_counts.h"
#include "common/src/utf8.h"

namespace llmtrace::collector {
namespace {

constexpr std::size_t kStatusMessageBytes = 300;

std::optional<std::string> shortened(const std::optional<std::string>& message) {
  if (!message) return std::nullopt;
  return std::string(utf8_prefix(*message, kStatusMessageBytes));
}

void set_tokens(Node& node, const llmtrace::UsageDetails& usage) {
  const TokenCounts counts = token_counts(usage);
  node.input_tokens = counts.input.value_or(0);
  node.output_tokens = counts.output.value_or(0);
  node.total_tokens = counts.total.value_or(0);
}

void set_cost(Node& node, const CostDetails& told, const llmtrace::UsageDetails& usage,
              std::string_view server, const CostEstimator& costs) {
  node.cost_usd = total_cost(told);
  if (node.cost_usd) return;
  const auto estimate = costs.estimate({.model = node.model.value_or(""),
                                        .provider = node.provider.value_or(""),
                                        .server = server,
                                        .start_us = node.start_us},
                                       usage);
  if (!estimate) return;
  node.cost_usd = total_cost(*estimate);
  node.cost_is_estimated = node.cost_usd.has_value();
}

using Counts = std::map<std::string, std::int64_t>;

std::int64_t integer(const JsonValue& value) { return value.as_integer(); }
double number(const JsonValue& value) { return value.as_double(); }

template <class Number, class Read>
std::map<std::string, Number> numbers_of(std::string_view json, const Read& read) {
  std::map<std::string, Number> numbers;
  const auto object = JsonValue::parse(json);
  if (!object) return numbers;
  for (const JsonValue::Member& member : object->members()) {
    if (member.second.is_number()) numbers[member.first] = read(member.second);
  }
  return numbers;
}

// "GENERATION" for "llm"; other run types keep their name.
std::string type_of(const Run& run) {
  const std::string type = run.run_type.value_or("chain");
  if (type == "llm") return "GENERATION";
  std::string upper = type;
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

// The first of a run's strings, at any of the paths below `extra`.
std::optional<std::string> text_in_extra(const Run& run, std::string_view object,
                                         std::initializer_list<std::string_view> names) {
  if (!run.extra) return std::nullopt;
  for (const std::string_view name : names) {
    const std::string_view text = json_member(*run.extra, {object, name});
    if (text.size() > 2 && text.starts_with('"')) return unescape_json_string(text);
  }
  return std::nullopt;
}

std::optional<std::int64_t> first_token_us(const Run& run) {
  if (!run.events) return std::nullopt;
  JsonArrayReader events(*run.events);
  for (std::string_view event; events.next(event);) {
    if (json_member(event, {"name"}) != R"("new_token")") continue;
    const std::string_view time = json_member(event, {"time"});
    return time.starts_with('"') ? parse_iso_us(unescape_json_string(time)) : std::nullopt;
  }
  return std::nullopt;
}

// Which of a run's token details is which bucket.
void move_details(std::string_view details, const std::string& sum, Counts& usage) {
  std::int64_t& rest = usage[sum];
  for (const auto& [name, count] : numbers_of<std::int64_t>(details, &integer)) {
    if (count <= 0 || count > rest) continue;
    usage[sum + "_" + name] = count;
    rest -= count;
  }
}

std::optional<std::int64_t> to_us(std::optional<std::int64_t> ms) {
  return ms ? std::optional(*ms * 1000) : std::nullopt;
}

}  // namespace

SpanFacts facts_of(const OtlpSpan& span) {
  const auto text = [&span](std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      const auto found = span.attributes.find(name);
      if (found != span.attributes.end() && !found->second.text.empty()) {
        return std::optional(found->second.text);
      }
    }
    return std::optional<std::string>();
  };
  return {.start_us = span.start_us,
          .end_us = span.end_us,
          .provider = text({"gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system",
                            "langfuse.observation.model.provider"}),
          .server = text({"server.address"}).value_or("")};
}

Node node_of(const Observation& row, Source source, const SpanFacts& facts,
             const CostEstimator& costs) {
  Node node{.trace_id = trace_id_of(row.trace_id),
            .id = row.id,
            .source = static_cast<std::int64_t>(source),
            .parent_id = row.parent_id,
            .type = row.type.value_or("SPAN"),
            .name = row.name,
            .status_message = shortened(row.status_message),
            .start_us = facts.start_us.value_or(row.start_ms.value_or(row.created_ms) * 1000),
            .end_us = facts.end_us || source == Source::Otlp ? facts.end_us : to_us(row.end_ms),
            .first_token_us = to_us(row.completion_start_ms),
            .model = row.model,
            .provider = facts.provider,
            .trace_name = row.trace_name,
            .user_id = row.user_id,
            .session_id = row.session_id,
            .environment = row.environment,
            .tags = row.tags,
            .release = row.release,
            .version = row.version};
  if (node.trace_id != row.trace_id) node.key = row.trace_id;
  if (const auto level = level_from_text(row.level.value_or(""))) {
    node.level = static_cast<std::int64_t>(*level);
  }
  const auto usage = usage_of_json(row.usage_details.value_or("{}"));
  set_tokens(node, usage);
  set_cost(node, cost_of_json(row.cost_details.value_or("{}")), usage, facts.server, costs);
  return node;
}

std::optional<Node> node_of(const Run& run, const CostEstimator& costs) {
  if (!run.is_posted || !run.trace_id || !run.start_us) return std::nullopt;
  Node node{
      .trace_id = trace_id_of(*run.trace_id),
      .id = node_id_of_run(run.id),
      .source = static_cast<std::int64_t>(Source::LangSmith),
      .key = run.id,
      .type = type_of(run),
      .name = run.name,
      .status_message = shortened(run.error),
      .start_us = *run.start_us,
      .end_us = run.end_us,
      .first_token_us = first_token_us(run),
      .model = model_of(run),
      .provider = provider_of(run),
      .user_id = text_in_extra(run, "metadata", {"user_id"}),
      .session_id = text_in_extra(run, "metadata", {"session_id", "thread_id", "conversation_id"}),
      .environment = text_in_extra(run, "metadata", {"environment"}),
      .tags = run.tags,
      .release = text_in_extra(run, "metadata", {"release"}),
      .version = text_in_extra(run, "metadata", {"version"})};
  if (run.parent_id) node.parent_id = node_id_of_run(*run.parent_id);
  if (run.error || run.status == "error") {
    node.level = static_cast<std::int64_t>(NodeLevel::Error);
  }
  const auto usage = usage_buckets(run);
  set_tokens(node, usage);
  set_cost(node, told_cost(run), usage, "", costs);
  return node;
}

llmtrace::UsageDetails usage_of_json(std::string_view json) {
  return numbers_of<std::int64_t>(json, &integer);
}

CostDetails cost_of_json(std::string_view json) { return numbers_of<double>(json, &number); }

llmtrace::UsageDetails usage_buckets(const Run& run) {
  const RunUsage told = usage_of(run);
  if (told.total_tokens == 0) return {};
  Counts usage{{"input", told.prompt_tokens}, {"output", told.completion_tokens}};
  if (told.prompt_token_details) move_details(*told.prompt_token_details, "input", usage);
  if (told.completion_token_details) move_details(*told.completion_token_details, "output", usage);
  usage["total"] = told.total_tokens;
  return usage;
}

CostDetails told_cost(const Run& run) {
  const RunUsage told = usage_of(run);
  std::map<std::string, double> cost;
  const std::array<std::pair<const char*, const std::optional<std::string>*>, 3> parts = {
      {{"input", &told.prompt_cost},
       {"output", &told.completion_cost},
       {"total", &told.total_cost}}};
  for (const auto& [name, text] : parts) {
    const auto value = JsonValue::parse(text->value_or(""));
    if (value && value->is_number()) cost[name] = value->as_double();
  }
  return cost;
}

std::optional<std::string> model_of(const Run& run) {
  if (auto model = text_in_extra(run, "metadata", {"ls_model_name"})) return model;
  return text_in_extra(run, "invocation_params", {"model", "model_name"});
}

std::optional<std::string> provider_of(const Run& run) {
  return text_in_extra(run, "metadata", {"ls_provider"});
}

}  // namespace llmtrace::collector
