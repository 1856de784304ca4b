#include "collector/store.h"

#include <set>
#include <string>
#include <utility>

#include "collector/traces/trace_ids.h"

namespace llmtrace::collector {

namespace {

// The traces whose own row or whose scores the batch changes.
std::vector<std::string> touched_traces(const StoreBatch& batch) {
  std::vector<std::string> ids;
  for (const Trace& trace : batch.trace_updates) ids.push_back(trace_id_of(trace.id));
  for (const Trace& trace : batch.implied_traces) ids.push_back(trace_id_of(trace.id));
  return ids;
}

}  // namespace

Store::Store(Database& database, TraceIndex& index, const CostEstimator& costs)
    : database_(database),
      index_(index),
      costs_(costs),
      put_observation_(database.connection(), upsert_sql<Observation>(OnConflict::Replace)),
      update_observation_(database.connection(), upsert_sql<Observation>(OnConflict::Merge)),
      update_trace_(database.connection(), upsert_sql<Trace>(OnConflict::Merge)),
      imply_trace_(database.connection(), upsert_sql<Trace>(OnConflict::Keep)),
      put_score_(database.connection(), upsert_sql<Score>(OnConflict::Replace)) {}

void Store::put(const StoreBatch& batch) {
  std::vector<Node> nodes = nodes_of(batch);
  TraceIndex::News news;
  news.trace_ids = database_.write([&] {
    write_rows(put_observation_, batch.observations);
    write_rows(update_observation_, batch.observation_updates);
    write_rows(update_trace_, batch.trace_updates);
    write_rows(imply_trace_, batch.implied_traces);
    write_rows(put_score_, batch.scores);
    add_updated(batch, nodes);
    return index_.put(nodes, touched_traces(batch));
  });
  for (const Score& score : batch.scores) {  // makes no trace, but is news of one
    if (score.trace_id) news.trace_ids.push_back(trace_id_of(*score.trace_id));
    news.score_ids.push_back(score.id);
  }
  index_.announce(news);
}

void Store::index_all() {
  constexpr std::int64_t kBatch = 500;
  for (RowPage page{.limit = kBatch};; page.offset += kBatch) {
    StoreBatch batch{.observations = observations({}, page)};
    if (batch.observations.empty()) break;
    std::vector<Node> nodes = nodes_of(batch);
    database_.write([&] { return index_.put(nodes, {}); });
  }
  for (RowPage page{.limit = kBatch};; page.offset += kBatch) {
    const StoreBatch batch{.trace_updates = database_.read([&] {
      return read_rows<Trace>(database_.connection(), {}, " ORDER BY id", page);
    })};
    if (batch.trace_updates.empty()) break;
    std::vector<Node> none;
    database_.write([&] { return index_.put(none, touched_traces(batch)); });
  }
}

bool Store::remove_score(std::string_view id) {
  const auto trace_id = database_.write([&] {
    SqliteStatement statement(database_.connection(),
                              "DELETE FROM scores WHERE id = ? RETURNING trace_id");
    statement.bind(1, id);
    std::optional<std::string> removed;
    if (statement.step()) statement.read(0, removed.emplace());
    return removed;
  });
  if (trace_id) index_.announce({.trace_ids = {trace_id_of(*trace_id)}});
  return trace_id.has_value();
}

// Of the observations that come whole.
std::vector<Node> Store::nodes_of(const StoreBatch& batch) const {
  std::vector<Node> nodes;
  nodes.reserve(batch.observations.size());
  for (std::size_t i = 0; i < batch.observations.size(); ++i) {
    const SpanFacts facts = i < batch.facts.size() ? batch.facts[i] : SpanFacts();
    nodes.push_back(node_of(batch.observations[i], Source::Langfuse, facts, costs_));
  }
  return nodes;
}

// Of those that come in pieces, as they are stored now.
void Store::add_updated(const StoreBatch& batch, std::vector<Node>& nodes) {
  std::set<std::pair<std::string, std::string>> keys;
  for (const Observation& row : batch.observation_updates) keys.emplace(row.trace_id, row.id);
  for (const auto& [trace_id, id] : keys) {
    RowFilter filter;
    filter.equal("trace_id", trace_id);
    filter.equal("id", id);
    for (const Observation& row :
         read_rows<Observation>(database_.connection(), filter, "", {.limit = 1})) {
      nodes.push_back(node_of(row, Source::Langfuse, {}, costs_));
    }
  }
}

std::vector<Observation> Store::observations(const RowFilter& filter, const RowPage& page) {
  return database_.read([&] {
    return read_rows<Observation>(database_.connection(), filter,
                                  " ORDER BY start_ms DESC, trace_id DESC, id DESC", page);
  });
}

std::vector<Score> Store::scores(const RowFilter& filter, const RowPage& page) {
  return database_.read([&] {
    return read_rows<Score>(database_.connection(), filter, " ORDER BY timestamp_ms DESC, id DESC",
                            page);
  });
}

std::optional<Trace> Store::trace(std::string_view id) {
  RowFilter filter;
  filter.equal("id", std::string(id));
  std::vector<Trace> rows = database_.read(
      [&] { return read_rows<Trace>(database_.connection(), filter, "", {.limit = 1}); });
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

std::int64_t Store::count(std::string_view table, const RowFilter& filter) {
  return database_.read([&] { return count_rows(database_.connection(), table, filter); });
}

}  // namespace llmtrace::collector
