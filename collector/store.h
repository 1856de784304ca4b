// Store keeps observations, traces and scores: what the Langfuse routes take in and give out. A
// batch is one transaction. Any thread may call.
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

namespace llmtrace::collector {

/// What one request adds.
struct StoreBatch {
  std::vector<Observation> observations{};         // replace stored rows of the same key
  std::vector<Observation> observation_updates{};  // laid over stored rows, given fields winning
  std::vector<Trace> trace_updates{};              // the same
  std::vector<Trace> implied_traces{};             // kept only where there is no such trace yet
  std::vector<Score> scores{};                     // replace
};

class Store {
 public:
  explicit Store(Database& database);

  /// All of the batch or, when it throws StoreError, nothing of it.
  void put(const StoreBatch& batch);

  /// Newest first.
  std::vector<Observation> observations(const RowFilter& filter, const RowPage& page);
  std::vector<Score> scores(const RowFilter& filter, const RowPage& page);
  std::optional<Trace> trace(std::string_view id);
  std::int64_t count(std::string_view table, const RowFilter& filter);

 private:
  Database& database_;
  SqliteStatement put_observation_;
  SqliteStatement update_observation_;
  SqliteStatement update_trace_;
  SqliteStatement imply_trace_;
  SqliteStatement put_score_;
};

}  // namespace llmtrace::collector
