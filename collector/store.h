// Store keeps observations, traces and scores: what the Langfuse routes take in and give out. A
// batch is one transaction, which also brings the index of traces up to date. Any thread may call.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "collector/database.h"
#include "collector/observation.h"
#include "collector/row_filter.h"
#include "collector/row_sql.h"
#include "collector/score.h"
#include "collector/sqlite_statement.h"
#include "collector/trace.h"
#include "collector/traces/cost_estimator.h"
#include "collector/traces/node_mapper.h"
#include "collector/traces/trace_index.h"

namespace llmtrace::collector {

/// What one request adds.
struct StoreBatch {
  std::vector<Observation> observations{};         // replace stored rows of the same key
  std::vector<Observation> observation_updates{};  // laid over stored rows, given fields winning
  std::vector<Trace> trace_updates{};              // the same
  std::vector<Trace> implied_traces{};             // kept only where there is no such trace yet
  std::vector<Score> scores{};                     // replace
  std::vector<SpanFacts> facts{};                  // of observations[i]; may be empty
};

class Store {
 public:
  Store(Database& database, TraceIndex& index, const CostEstimator& costs);

  /// All of the batch or, when it throws StoreError, nothing of it.
  void put(const StoreBatch& batch);
  /// Brings an index that knows nothing yet up to date with what is stored.
  void index_all();
  /// False when there was none.
  bool remove_score(std::string_view id);

  /// Newest first.
  std::vector<Observation> observations(const RowFilter& filter, const RowPage& page);
  std::vector<Score> scores(const RowFilter& filter, const RowPage& page);
  std::optional<Trace> trace(std::string_view id);
  std::int64_t count(std::string_view table, const RowFilter& filter);

 private:
  std::vector<Node> nodes_of(const StoreBatch& batch) const;
  void add_updated(const StoreBatch& batch, std::vector<Node>& nodes);

  Database& database_;
  TraceIndex& index_;
  const CostEstimator& costs_;
  SqliteStatement put_observation_;
  SqliteStatement update_observation_;
  SqliteStatement update_trace_;
  SqliteStatement imply_trace_;
  SqliteStatement put_score_;
};

}  // namespace llmtrace::collector
