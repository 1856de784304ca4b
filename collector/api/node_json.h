// A Node of docs/collector.md: its summary and its large fields.
#pragma once

#include <string>
#include <vector>

#include "collector/api/api_fields.h"
#include "collector/api/score_list.h"
#include "collector/api/trace_json.h"
#include "collector/signals/log_store.h"
#include "collector/sqlite_database.h"
#include "collector/traces/cost_estimator.h"
#include "collector/traces/node.h"
#include "collector/traces/node_content.h"

namespace llmtrace::collector {

/// The content of all rows of a span, laid over each other. For one connection, inside a read.
NodeContent content_of_all(SqliteDatabase& connection, const MergedNode& merged,
                           const CostEstimator& costs);

struct NodeReply {
  const MergedNode& merged;
  const NodePlace& place;
  const NodeContent& content;
  const std::vector<AnyScore>& scores;  // those of the trace
  const std::vector<StoredLog>& logs;   // those of the node
};
void write_node(JsonWriter& writer, const NodeReply& reply);

}  // namespace llmtrace::collector
