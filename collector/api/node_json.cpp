#include "collector/api/node_json.h"

#include <llmtrace/json_writer.h>

#include <utility>

#include "collector/row_sql.h"
#include "collector/signals/log_json.h"
#include "collector/traces/node_mapper.h"
#include "common/src/json_text.h"
#include "common/src/token_counts.h"

namespace llmtrace::collector {
namespace {

std::string scores_json(const std::vector<AnyScore>& scores, const std::string& node_id) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_array();
  for (const AnyScore& score : scores) {
    if (node_id_of(score) == node_id) write_score(writer, score);
  }
  writer.end_array();
  return json;
}

std::string logs_json(const std::vector<StoredLog>& logs, std::int64_t trace_start_us) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_array();
  for (const StoredLog& log : logs) write_log(writer, log, trace_start_us);
  writer.end_array();
  return json;
}

// The parts of a cost that nobody told, as its node's sum was estimated.
std::optional<std::string> estimated_cost(const Node& node, const NodeContent& content,
                                          const CostEstimator& costs) {
  if (!node.cost_is_estimated || !content.usage) return std::nullopt;
  const auto estimate = costs.estimate({.model = node.model.value_or(""),
                                        .provider = node.provider.value_or(""),
                                        .start_us = node.start_us},
                                       usage_of_json(*content.usage));
  std::string json;
  if (!estimate || total_cost(*estimate) != node.cost_usd) {  // from another endpoint
    json = "{\"total\":";
    append_json_number(json, node.cost_usd.value_or(0));
    return json + '}';
  }
  for (const auto& item : estimate->items()) {
    json += (json.empty() ? "{\"" : ",\"") + item.name + "\":";
    append_json_number(json, item.value);
  }
  return json.empty() ? std::nullopt : std::optional(json + '}');
}

}  // namespace

NodeContent content_of_all(SqliteDatabase& connection, const MergedNode& merged,
                           const CostEstimator& costs) {
  RowFilter filter;
  filter.equal("trace_id", merged.node.trace_id);
  filter.equal("id", merged.node.id);
  NodeContent content;
  for (const Node& row : read_rows<Node>(connection, filter, " ORDER BY source", kAllRows)) {
    merge_content(content, read_content(connection, row));
  }
  if (!content.cost) content.cost = estimated_cost(merged.node, content, costs);
  return content;
}

void write_node(JsonWriter& writer, const NodeReply& reply) {
  const Node& node = reply.merged.node;
  const NodeContent& content = reply.content;
  ApiFields fields(writer);
  add_node(fields, reply.merged, reply.place);
  fields.add_json("input", content.input);
  fields.add_json("output", content.output);
  fields.add_object("metadata", content.metadata);
  fields.add_object("model_parameters", content.model_parameters);
  fields.add("provider", node.provider);
  fields.add_object("usage", content.usage);
  fields.add_object("cost", content.cost);
  fields.add_json("prompt", content.prompt);
  fields.add("environment", node.environment);
  fields.add("user_id", node.user_id);
  fields.add("session_id", node.session_id);
  fields.add_array("tags", node.tags);
  fields.add("release", node.release);
  fields.add("version", node.version);
  fields.add_json("error", content.error);
  fields.add_array("events", content.events);
  fields.add_object("attributes", content.attributes);
  fields.add_object("resource", content.resource);
  fields.add_object("scope", content.scope);
  fields.add_json("scores", scores_json(reply.scores, node.id));
  fields.add_json("logs", logs_json(reply.logs, reply.place.trace_start_us));
}

}  // namespace llmtrace::collector
