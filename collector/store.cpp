#include "collector/store.h"

#include <exception>

namespace llmtrace::collector {
namespace {

constexpr const char* kSchema = R"sql(
CREATE TABLE observations (
  trace_id TEXT NOT NULL, id TEXT NOT NULL, parent_id TEXT, is_app_root INTEGER, type TEXT,
  name TEXT, start_ms INTEGER, end_ms INTEGER, completion_start_ms INTEGER, level TEXT,
  status_message TEXT, version TEXT, environment TEXT, user_id TEXT, session_id TEXT,
  input TEXT, output TEXT, metadata TEXT, model TEXT, model_parameters TEXT, usage_details TEXT,
  cost_details TEXT, prompt_name TEXT, prompt_version INTEGER, trace_name TEXT, tags TEXT,
  release TEXT,
  is_public INTEGER, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
  PRIMARY KEY (trace_id, id)) WITHOUT ROWID;
CREATE INDEX observations_by_start ON observations (start_ms);
CREATE INDEX observations_by_session ON observations (session_id);
CREATE TABLE traces (
  id TEXT NOT NULL PRIMARY KEY, timestamp_ms INTEGER, name TEXT, input TEXT, output TEXT,
  session_id TEXT, user_id TEXT, environment TEXT, metadata TEXT, release TEXT, version TEXT,
  is_public INTEGER, tags TEXT, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL);
CREATE TABLE scores (
  id TEXT NOT NULL PRIMARY KEY, trace_id TEXT, observation_id TEXT, session_id TEXT,
  dataset_run_id TEXT, name TEXT NOT NULL, data_type TEXT NOT NULL, number REAL, text TEXT,
  source TEXT NOT NULL, comment TEXT, metadata TEXT, config_id TEXT, queue_id TEXT,
  environment TEXT NOT NULL, timestamp_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL);
CREATE INDEX scores_by_trace ON scores (trace_id);
CREATE INDEX scores_by_session ON scores (session_id);
PRAGMA user_version = 1;
)sql";

enum class OnConflict { Replace, Merge, Keep };

std::string assignment(const std::string& column, OnConflict policy) {
  const std::string given = "excluded." + column;
  if (policy == OnConflict::Replace) return column + "=" + given;
  if (column != "metadata") return column + "=COALESCE(" + given + "," + column + ")";
  return "metadata=COALESCE(json_patch(metadata,excluded.metadata),excluded.metadata,metadata)";
}

// INSERT of all columns; a stored row of the same key keeps its created_ms and takes the rest.
template <class Row>
std::string upsert_sql(OnConflict policy) {
  std::string columns, placeholders, assignments;
  visit_columns(Row(), [&](const std::string& column, const auto&) {
    columns += (columns.empty() ? "" : ",") + column;
    placeholders += placeholders.empty() ? "?" : ",?";
    if (column == "created_ms" || column == "id" || (column == "trace_id" && Row::kKey != "id")) {
      return;
    }
    assignments += (assignments.empty() ? "" : ",") + assignment(column, policy);
  });
  return "INSERT INTO " + std::string(Row::kTable) + " (" + columns + ") VALUES (" + placeholders +
         ") ON CONFLICT (" + std::string(Row::kKey) + ") DO " +
         (policy == OnConflict::Keep ? "NOTHING" : "UPDATE SET " + assignments);
}

template <class Row>
void write_rows(SqliteStatement& statement, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    int index = 0;
    visit_columns(row, [&](const char*, const auto& value) { statement.bind(++index, value); });
    statement.step();
    statement.reset();
  }
}

template <class Row>
std::string select_sql() {
  std::string columns;
  visit_columns(Row(), [&](const std::string& column, const auto&) {
    columns += (columns.empty() ? "" : ",") + column;
  });
  return "SELECT " + columns + " FROM " + std::string(Row::kTable);
}

int bind_values(SqliteStatement& statement, const RowFilter& filter) {
  int index = 0;
  for (const RowFilter::Value& value : filter.values()) {
    std::visit([&](const auto& held) { statement.bind(++index, held); }, value);
  }
  return index;
}

template <class Row>
std::vector<Row> read_rows(SqliteDatabase& database, const RowFilter& filter, const char* order,
                           const RowPage& page) {
  SqliteStatement statement(database,
                            select_sql<Row>() + filter.sql() + order + " LIMIT ? OFFSET ?");
  const int bound = bind_values(statement, filter);
  statement.bind(bound + 1, page.limit);
  statement.bind(bound + 2, page.offset);
  std::vector<Row> rows;
  while (statement.step()) {
    int column = 0;
    visit_columns(rows.emplace_back(),
                  [&](const char*, auto& value) { statement.read(column++, value); });
  }
  return rows;
}

}  // namespace

Store::Store(const std::string& path) : database_(path) {
  database_.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  create_tables();
  put_observation_.emplace(database_, upsert_sql<Observation>(OnConflict::Replace));
  update_observation_.emplace(database_, upsert_sql<Observation>(OnConflict::Merge));
  update_trace_.emplace(database_, upsert_sql<Trace>(OnConflict::Merge));
  imply_trace_.emplace(database_, upsert_sql<Trace>(OnConflict::Keep));
  put_score_.emplace(database_, upsert_sql<Score>(OnConflict::Replace));
}

void Store::create_tables() {
  const std::string version = database_.query_text("PRAGMA user_version");
  if (version == "1") return;
  if (version != "0") {
    throw StoreError("the database was written by another version of llmtrace-collector (schema " +
                     version + "); choose another file");
  }
  database_.execute("BEGIN IMMEDIATE");
  database_.execute(kSchema);
  database_.execute("COMMIT");
}

void Store::put(const StoreBatch& batch) {
  const std::lock_guard lock(mutex_);
  database_.execute("BEGIN IMMEDIATE");
  try {
    write(batch);
    database_.execute("COMMIT");
  } catch (const std::exception&) {
    put_observation_->reset();
    update_observation_->reset();
    update_trace_->reset();
    imply_trace_->reset();
    put_score_->reset();
    database_.rollback();
    throw;
  }
}

void Store::write(const StoreBatch& batch) {
  write_rows(*put_observation_, batch.observations);
  write_rows(*update_observation_, batch.observation_updates);
  write_rows(*update_trace_, batch.trace_updates);
  write_rows(*imply_trace_, batch.implied_traces);
  write_rows(*put_score_, batch.scores);
}

std::vector<Observation> Store::observations(const RowFilter& filter, const RowPage& page) {
  const std::lock_guard lock(mutex_);
  return read_rows<Observation>(database_, filter,
                                " ORDER BY start_ms DESC, trace_id DESC, id DESC", page);
}

std::vector<Score> Store::scores(const RowFilter& filter, const RowPage& page) {
  const std::lock_guard lock(mutex_);
  return read_rows<Score>(database_, filter, " ORDER BY timestamp_ms DESC, id DESC", page);
}

std::optional<Trace> Store::trace(std::string_view id) {
  RowFilter filter;
  filter.equal("id", std::string(id));
  const std::lock_guard lock(mutex_);
  std::vector<Trace> rows = read_rows<Trace>(database_, filter, "", {.limit = 1});
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

std::int64_t Store::count(std::string_view table, const RowFilter& filter) {
  const std::lock_guard lock(mutex_);
  SqliteStatement statement(database_, "SELECT COUNT(*) FROM " + std::string(table) + filter.sql());
  bind_values(statement, filter);
  std::int64_t count = 0;
  if (statement.step()) statement.read(0, count);
  return count;
}

}  // namespace llmtrace::collector
