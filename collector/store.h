// Store keeps observations, traces and scores in SQLite, in a file or in memory. A batch is one
// transaction: after `put` returns, all of it survives a kill of the process (WAL,
// synchronous=NORMAL; a power cut may take the last batches, never the database). Any thread may
// call; one runs at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/observation.h"
#include "collector/row_filter.h"
#include "collector/score.h"
#include "collector/sqlite_database.h"
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

struct RowPage {
  std::int64_t limit = 50;
  std::int64_t offset = 0;
};

class Store {
 public:
  /// Opens or creates the database at `path`; ":memory:" for none. Throws StoreError.
  explicit Store(const std::string& path);

  /// All of the batch or, when it throws StoreError, nothing of it.
  void put(const StoreBatch& batch);

  /// Newest first.
  std::vector<Observation> observations(const RowFilter& filter, const RowPage& page);
  std::vector<Score> scores(const RowFilter& filter, const RowPage& page);
  std::optional<Trace> trace(std::string_view id);
  std::int64_t count(std::string_view table, const RowFilter& filter);

 private:
  void create_tables();
  void write(const StoreBatch& batch);

  std::mutex mutex_;  // guards everything below
  SqliteDatabase database_;
  std::optional<SqliteStatement> put_observation_;
  std::optional<SqliteStatement> update_observation_;
  std::optional<SqliteStatement> update_trace_;
  std::optional<SqliteStatement> imply_trace_;
  std::optional<SqliteStatement> put_score_;
};

}  // namespace llmtrace::collector
