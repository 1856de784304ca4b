#include "collector/api/trace_json.h"

#include <algorithm>
#include <array>
#include <string>

namespace llmtrace::collector {

std::string sources_json(std::int64_t sources) {
  std::string json;
  for (const Source source : {Source::Langfuse, Source::LangSmith, Source::Otlp}) {
    if ((sources >> static_cast<std::int64_t>(source) & 1) == 0) continue;
    json += (json.empty() ? "[\"" : ",\"") + std::string(to_string(source)) + '"';
  }
  return json.empty() ? "[]" : json + ']';
}

void add_summary(ApiFields& fields, const TraceSummary& summary, std::int64_t score_count) {
  const bool has_ended = summary.latency_us != TraceSummary::kOpen;
  const auto latency = has_ended ? std::optional(summary.latency_us) : std::nullopt;
  fields.add("trace_id", summary.trace_id);
  fields.add("name", summary.name);
  fields.add_time_us("start_time", summary.start_us);
  fields.add_time_us("end_time", latency ? std::optional(summary.start_us + *latency) : latency);
  fields.add_ms("latency_ms", latency);
  const std::int64_t level = std::clamp<std::int64_t>(summary.level, 0, 3);
  fields.add("level", to_string(static_cast<NodeLevel>(level)));
  fields.add("error_count", summary.error_count);
  fields.add("node_count", summary.node_count);
  fields.add_array("types", summary.types);
  fields.add_array("models", summary.models);
  fields.add("input_tokens", summary.input_tokens);
  fields.add("output_tokens", summary.output_tokens);
  fields.add("total_tokens", summary.total_tokens);
  fields.add("cost_usd", summary.cost_usd < 0 ? std::nullopt : std::optional(summary.cost_usd));
  fields.add("cost_is_estimated", summary.cost_is_estimated);
  fields.add("user_id", summary.user_id);
  fields.add("session_id", summary.session_id);
  fields.add("environment", summary.environment);
  fields.add_array("tags", summary.tags);
  fields.add("release", summary.release);
  fields.add("version", summary.version);
  fields.add_json("sources", sources_json(summary.sources));
  fields.add("score_count", score_count);
  fields.add_time_us("updated_time", summary.updated_us);
}

void write_summary(JsonWriter& writer, const TraceSummary& summary, std::int64_t score_count) {
  ApiFields fields(writer);
  add_summary(fields, summary, score_count);
}

void add_node(ApiFields& fields, const MergedNode& merged, const NodePlace& place) {
  const Node& node = merged.node;
  const auto since_start = [&](std::optional<std::int64_t> time_us, std::int64_t from_us) {
    return time_us ? std::optional(std::max<std::int64_t>(*time_us - from_us, 0)) : time_us;
  };
  fields.add("id", node.id);
  fields.add("parent_id", node.parent_id);
  fields.add("depth", place.depth);
  fields.add("type", node.type);
  fields.add("name", node.name);
  const std::int64_t level = std::clamp<std::int64_t>(node.level, 0, 3);
  fields.add("level", to_string(static_cast<NodeLevel>(level)));
  fields.add("status_message", node.status_message);
  fields.add_time_us("start_time", node.start_us);
  fields.add_ms("start_offset_ms", since_start(node.start_us, place.trace_start_us));
  fields.add_ms("duration_ms", since_start(node.end_us, node.start_us));
  fields.add_ms("time_to_first_token_ms", since_start(node.first_token_us, node.start_us));
  fields.add("model", node.model);
  fields.add("input_tokens", node.input_tokens);
  fields.add("output_tokens", node.output_tokens);
  fields.add("total_tokens", node.total_tokens);
  fields.add("cost_usd", node.cost_usd);
  fields.add("cost_is_estimated", node.cost_is_estimated);
  fields.add("score_count", place.score_count);
  fields.add_json("sources", sources_json(merged.sources));
}

}  // namespace llmtrace::collector
