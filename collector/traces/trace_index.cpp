#include "collector/traces/trace_index.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "collector/iso_time.h"
#include "collector/row_sql.h"
#include "collector/traces/trace_ids.h"

namespace llmtrace::collector {
namespace {

// Rows are never used twice, also not after the newest were removed: the text index and that of ids
// know nodes by them.
constexpr const char* kLastRow =
    "SELECT MAX((SELECT COALESCE(MAX(row), 0) FROM nodes), (SELECT MAX(indexed_row) FROM "
    "text_index_state), (SELECT MAX(indexed_row) FROM node_ids_state))";

template <class Row>
void read_row(const SqliteStatement& statement, Row& row) {
  int column = 0;
  visit_columns(row, [&](const char*, auto& value) { statement.read(column++, value); });
}

}  // namespace

TraceIndex::TraceIndex(Database& database, std::function<void(const News&)> listener)
    : database_(database),
      ids_(database.connection()),
      find_node_(database.connection(),
                 "SELECT row, source FROM nodes WHERE trace_id = ? AND id = ?"),
      delete_node_(database.connection(), "DELETE FROM nodes WHERE row = ?"),
      delete_span_(database.connection(), "DELETE FROM otlp_spans WHERE row = ?"),
      insert_node_(database.connection(), insert_sql<Node>()),
      find_summary_(database.connection(), select_sql<TraceSummary>() + " WHERE trace_id = ?"),
      put_summary_(database.connection(), upsert_sql<TraceSummary>(OnConflict::Replace)),
      delete_summary_(database.connection(), "DELETE FROM trace_summaries WHERE trace_id = ?"),
      next_row_(std::atoll(database.connection().query_text(kLastRow).c_str()) + 1),
      listener_(std::move(listener)) {}

std::vector<std::string> TraceIndex::put(std::vector<Node>& nodes,
                                         const std::vector<std::string>& touched) {
  Changes changes;
  const std::int64_t stored_us = now_us();
  for (Node& node : nodes) {
    Change& change = change_of(node.trace_id, changes);
    if (remove_old(node)) change.is_recount = true;
    node.row = next_row_++;
    node.stored_us = stored_us;
    write_row(insert_node_, node);
    if (!change.is_recount) change.summary.add(node, std::int64_t{1} << node.source);
  }
  ids_.note_last_row(next_row_ - 1);
  for (const std::string& trace_id : touched) change_of(trace_id, changes).is_recount = true;
  write(changes);
  std::vector<std::string> ids;
  for (auto& change : changes) ids.push_back(change.first);
  return ids;
}

void TraceIndex::announce(const News& news) const { listener_(news); }

TraceIndex::Change& TraceIndex::change_of(const std::string& trace_id, Changes& changes) {
  const auto [at, is_new] = changes.try_emplace(trace_id);
  if (is_new) {
    const StatementReset reset(find_summary_);
    find_summary_.bind(1, trace_id);
    if (find_summary_.step()) {
      read_row(find_summary_, at->second.summary);
    } else {
      at->second.summary.trace_id = trace_id;
    }
  }
  return at->second;
}

// Whether the span was known, by this or by another intake.
bool TraceIndex::remove_old(const Node& node) {
  const StatementReset reset(find_node_);
  find_node_.bind(1, node.trace_id);
  find_node_.bind(2, node.id);
  bool is_known = false;
  std::optional<std::int64_t> old;
  while (find_node_.step()) {
    is_known = true;
    std::int64_t row = 0;
    std::int64_t source = 0;
    find_node_.read(0, row);
    find_node_.read(1, source);
    if (source == node.source) old = row;
  }
  if (!old) return is_known;
  ids_.remove(node.id, *old);
  for (SqliteStatement* removal : {&delete_node_, &delete_span_}) {
    const StatementReset reset_removal(*removal);
    removal->bind(1, *old);
    removal->step();
  }
  return true;
}

void TraceIndex::write(Changes& changes) {
  for (auto& [trace_id, change] : changes) {
    TraceSummary summary = change.is_recount ? recount(trace_id) : std::move(change.summary);
    if (summary.node_count == 0 && summary.sources == 0) {
      const StatementReset reset(delete_summary_);
      delete_summary_.bind(1, trace_id);
      delete_summary_.step();
      continue;
    }
    summary.updated_us = now_us();
    summary.finish();
    write_row(put_summary_, summary);
  }
}

TraceSummary TraceIndex::recount(const std::string& trace_id) {
  TraceSummary summary{.trace_id = trace_id};
  for (const MergedNode& merged : read_nodes(database_.connection(), trace_id)) {
    summary.add(merged.node, merged.sources);
  }
  if (const auto trace = read_langfuse_trace(database_.connection(), trace_id)) {
    summary.apply(*trace);
  }
  return summary;
}

std::vector<MergedNode> read_nodes(SqliteDatabase& connection, std::string_view trace_id) {
  RowFilter filter;
  filter.equal("trace_id", std::string(trace_id));
  std::vector<Node> rows = read_rows<Node>(connection, filter, " ORDER BY id, source", kAllRows);
  std::vector<MergedNode> merged;
  merged.reserve(rows.size());
  for (Node& node : rows) {
    if (!merged.empty() && merged.back().node.id == node.id) {
      merge_node(merged.back(), std::move(node));
    } else {
      const std::int64_t sources = std::int64_t{1} << node.source;
      merged.push_back({.node = std::move(node), .sources = sources});
    }
  }
  std::vector<MergedNode*> order;  // a node is large: each is moved once
  order.reserve(merged.size());
  for (MergedNode& node : merged) order.push_back(&node);
  std::sort(order.begin(), order.end(), [](const MergedNode* a, const MergedNode* b) {
    return std::pair(a->node.start_us, a->node.row) < std::pair(b->node.start_us, b->node.row);
  });
  std::vector<MergedNode> ordered;
  ordered.reserve(order.size());
  for (MergedNode* node : order) ordered.push_back(std::move(*node));
  return ordered;
}

std::optional<Trace> read_langfuse_trace(SqliteDatabase& connection, const std::string& trace_id) {
  RowFilter filter;
  filter.any_of("id", {trace_id, uuid_of_trace(trace_id)});
  auto rows = read_rows<Trace>(connection, filter, "", {.limit = 1});
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

}  // namespace llmtrace::collector
