#include "collector/api/trace_route.h"

#include <llmtrace/json_writer.h>

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "collector/api/api_error.h"
#include "collector/api/api_query.h"
#include "collector/api/node_json.h"
#include "collector/api/score_list.h"
#include "collector/api/trace_export.h"
#include "collector/api/trace_json.h"
#include "collector/api/trace_tree.h"
#include "collector/json_reply.h"
#include "collector/metadata_text.h"
#include "collector/row_sql.h"
#include "collector/signals/log_store.h"
#include "collector/traces/node_content.h"
#include "collector/traces/trace_ids.h"
#include "collector/traces/trace_index.h"

namespace llmtrace::collector {
namespace {

constexpr std::int64_t kMostLogs = 1000;  // of one node

using ScoreCounts = std::map<std::string, std::int64_t, std::less<>>;

TraceSummary find_summary(SqliteDatabase& connection, const std::string& trace_id) {
  RowFilter filter;
  filter.equal("trace_id", trace_id);
  auto rows = read_rows<TraceSummary>(connection, filter, "", {.limit = 1});
  if (rows.empty()) throw not_found("trace '" + trace_id + "'");
  return std::move(rows.front());
}

ScoreCounts counts_by_node(const std::vector<AnyScore>& scores) {
  ScoreCounts counts;
  for (const AnyScore& score : scores) ++counts[node_id_of(score).value_or("")];
  return counts;
}

NodePlace place_of(const TreeNode& node, const TraceSummary& summary, const ScoreCounts& counts) {
  const auto found = counts.find(node.merged.node.id);
  return {.depth = node.depth,
          .trace_start_us = summary.start_us,
          .score_count = found == counts.end() ? 0 : found->second};
}

// The trace as a whole: what its sender said of it, else what its root has.
struct Whole {
  std::optional<std::string> input{};
  std::optional<std::string> output{};
  std::optional<std::string> metadata{};
};

Whole whole_of(SqliteDatabase& connection, const std::string& trace_id,
               const std::vector<TreeNode>& nodes, const CostEstimator& costs) {
  Whole whole;
  if (const auto trace = read_langfuse_trace(connection, trace_id)) {
    if (trace->input) whole.input = value_json(*trace->input);
    if (trace->output) whole.output = value_json(*trace->output);
    if (trace->metadata) whole.metadata = metadata_json(trace->metadata, {});
  }
  if (nodes.empty()) return whole;
  NodeContent root = content_of_all(connection, nodes.front().merged, costs);
  if (!whole.input) whole.input = std::move(root.input);
  if (!whole.output) whole.output = std::move(root.output);
  if (!whole.metadata) whole.metadata = std::move(root.metadata);
  return whole;
}

std::string scores_json(const std::vector<AnyScore>& scores) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_array();
  for (const AnyScore& score : scores) write_score(writer, score);
  writer.end_array();
  return json;
}

std::string trace_json(const TraceSummary& summary, const Whole& whole, std::size_t score_count) {
  std::string json;
  JsonWriter writer(json);
  {
    ApiFields fields(writer);
    add_summary(fields, summary, static_cast<std::int64_t>(score_count));
    fields.add_json("input", whole.input);
    fields.add_json("output", whole.output);
    fields.add_object("metadata", whole.metadata);
  }
  return json;
}

}  // namespace

HttpResponse TraceRoute::trace(const HttpRequest& request, std::string_view id) const {
  return api_answer([&] {
    const bool is_full = ApiQuery(request).choice("content", {"none", "full"}) == 1;
    const std::string trace_id = trace_id_of(id);
    return database_.snapshot([&](SqliteDatabase& connection) {
      const TraceSummary summary = find_summary(connection, trace_id);
      const auto nodes = tree_of(read_nodes(connection, trace_id));
      const auto scores = read_scores_of(connection, trace_id);
      const ScoreCounts counts = counts_by_node(scores);
      const Whole whole = whole_of(connection, trace_id, nodes, costs_);
      std::string list;
      JsonWriter writer(list);
      writer.begin_array();
      for (const TreeNode& node : nodes) {
        const NodePlace place = place_of(node, summary, counts);
        if (is_full) {
          const NodeContent content = content_of_all(connection, node.merged, costs_);
          const auto logs = read_logs(connection, trace_id, node.merged.node.id, kMostLogs);
          write_node(writer, {node.merged, place, content, scores, logs});
        } else {
          ApiFields fields(writer);
          add_node(fields, node.merged, place);
        }
      }
      writer.end_array();
      return json_reply(
          200, "{\"trace\":" + trace_json(summary, whole, scores.size()) + ",\"nodes\":" + list +
                   ",\"scores\":" + scores_json(scores) +
                   ",\"logs_count\":" + std::to_string(count_logs(connection, trace_id)) + "}");
    });
  });
}

HttpResponse TraceRoute::node(std::string_view given_trace_id, std::string_view id) const {
  return api_answer([&] {
    const std::string trace_id = trace_id_of(given_trace_id);
    return database_.snapshot([&](SqliteDatabase& connection) {
      const TraceSummary summary = find_summary(connection, trace_id);
      const auto scores = read_scores_of(connection, trace_id);
      const ScoreCounts counts = counts_by_node(scores);
      for (const TreeNode& node : tree_of(read_nodes(connection, trace_id))) {
        if (node.merged.node.id != id) continue;
        const NodeContent content = content_of_all(connection, node.merged, costs_);
        const NodePlace place = place_of(node, summary, counts);
        std::string body;
        JsonWriter writer(body);
        const auto logs = read_logs(connection, trace_id, node.merged.node.id, kMostLogs);
        write_node(writer, {node.merged, place, content, scores, logs});
        return json_reply(200, std::move(body));
      }
      throw not_found("node '" + std::string(id) + "' of trace '" + trace_id + "'");
    });
  });
}

HttpResponse TraceRoute::exported(std::string_view given_trace_id) const {
  return api_answer([&] {
    const std::string trace_id = trace_id_of(given_trace_id);
    return database_.snapshot([&](SqliteDatabase& connection) {
      find_summary(connection, trace_id);
      HttpResponse response =
          json_reply(200, trace_as_otlp(connection, read_nodes(connection, trace_id)));
      response.headers.emplace_back("Content-Disposition",
                                    "attachment; filename=\"trace.otlp.json\"");
      return response;
    });
  });
}

}  // namespace llmtrace::collector
