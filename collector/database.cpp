#include "collector/database.h"

#include <array>
#include <cstddef>
#include <utility>

namespace llmtrace::collector {
namespace {

// Each step brings a database of the version before it up to date; the last one's is ours.
constexpr std::array<const char*, 6> kSchemaSteps = {R"sql(
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
)sql",
                                                     R"sql(
CREATE TABLE runs (
  id TEXT NOT NULL PRIMARY KEY, trace_id TEXT, parent_id TEXT, dotted_order TEXT, name TEXT,
  run_type TEXT, start_us INTEGER, end_us INTEGER, status TEXT, error TEXT, inputs TEXT,
  outputs TEXT, extra TEXT, events TEXT, tags TEXT, serialized TEXT, session_id TEXT,
  reference_example_id TEXT, is_posted INTEGER NOT NULL, is_patched INTEGER NOT NULL);
CREATE INDEX runs_by_trace ON runs (trace_id);
CREATE INDEX runs_by_session ON runs (session_id, start_us);
CREATE INDEX runs_by_parent ON runs (parent_id);
CREATE TABLE projects (
  id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_us INTEGER NOT NULL);
CREATE TABLE attachments (
  run_id TEXT NOT NULL, name TEXT NOT NULL, mime_type TEXT NOT NULL, content BLOB NOT NULL,
  PRIMARY KEY (run_id, name));
CREATE TABLE feedback (
  id TEXT NOT NULL PRIMARY KEY, run_id TEXT, trace_id TEXT, session_id TEXT, key TEXT NOT NULL,
  score TEXT, value TEXT, comment TEXT, correction TEXT, source TEXT, extra TEXT, start_us INTEGER,
  feedback_group_id TEXT, comparative_experiment_id TEXT, created_us INTEGER NOT NULL,
  modified_us INTEGER NOT NULL);
CREATE INDEX feedback_by_run ON feedback (run_id);
CREATE TABLE feedback_tokens (
  id TEXT NOT NULL PRIMARY KEY, run_id TEXT NOT NULL, key TEXT NOT NULL, expires_us INTEGER NOT NULL);
PRAGMA user_version = 2;
)sql",
                                                     R"sql(
CREATE TABLE nodes (
  row INTEGER PRIMARY KEY, trace_id TEXT NOT NULL, id TEXT NOT NULL, source INTEGER NOT NULL,
  key TEXT, parent_id TEXT, type TEXT NOT NULL, name TEXT, level INTEGER NOT NULL,
  status_message TEXT, start_us INTEGER NOT NULL, end_us INTEGER, first_token_us INTEGER,
  model TEXT, provider TEXT, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
  total_tokens INTEGER NOT NULL, cost_usd REAL, cost_is_estimated INTEGER NOT NULL,
  trace_name TEXT, user_id TEXT, session_id TEXT, environment TEXT, tags TEXT, release TEXT,
  version TEXT, stored_us INTEGER NOT NULL);
CREATE INDEX nodes_by_trace ON nodes (trace_id, id);
CREATE INDEX nodes_by_id ON nodes (id);
CREATE INDEX nodes_by_start ON nodes (start_us);
CREATE TABLE otlp_spans (
  row INTEGER PRIMARY KEY, resource INTEGER NOT NULL, span TEXT NOT NULL);
CREATE TABLE otlp_resources (id INTEGER PRIMARY KEY, json TEXT NOT NULL UNIQUE);
CREATE TABLE trace_summaries (
  trace_id TEXT NOT NULL PRIMARY KEY, start_us INTEGER NOT NULL, latency_us INTEGER NOT NULL,
  cost_usd REAL NOT NULL, total_tokens INTEGER NOT NULL, input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL, cost_is_estimated INTEGER NOT NULL, name TEXT,
  name_rank INTEGER NOT NULL, level INTEGER NOT NULL, error_count INTEGER NOT NULL,
  node_count INTEGER NOT NULL, types TEXT NOT NULL, models TEXT NOT NULL, user_id TEXT,
  session_id TEXT, environment TEXT, tags TEXT NOT NULL, release TEXT, version TEXT,
  sources INTEGER NOT NULL, search TEXT NOT NULL, updated_us INTEGER NOT NULL);
CREATE INDEX summaries_by_start ON trace_summaries (start_us, trace_id);
CREATE INDEX summaries_by_latency ON trace_summaries (latency_us, trace_id);
CREATE INDEX summaries_by_cost ON trace_summaries (cost_usd, trace_id);
CREATE INDEX summaries_by_tokens ON trace_summaries (total_tokens, trace_id);
CREATE INDEX summaries_by_session ON trace_summaries (session_id, start_us)
  WHERE session_id IS NOT NULL;
CREATE INDEX summaries_by_user ON trace_summaries (user_id, start_us) WHERE user_id IS NOT NULL;
CREATE INDEX feedback_by_trace ON feedback (trace_id);
CREATE VIRTUAL TABLE node_text USING fts5 (
  text, content='', detail=none, columnsize=0, tokenize='unicode61 remove_diacritics 2');
CREATE TABLE text_index_state (indexed_row INTEGER NOT NULL);
INSERT INTO text_index_state VALUES (0);
PRAGMA user_version = 3;
)sql",
                                                     R"sql(
CREATE TABLE log_records (
  row INTEGER PRIMARY KEY, trace_id TEXT, span_id TEXT, time_us INTEGER NOT NULL,
  resource INTEGER NOT NULL, record TEXT NOT NULL);
CREATE INDEX log_records_by_trace ON log_records (trace_id, time_us) WHERE trace_id IS NOT NULL;
CREATE INDEX log_records_by_time ON log_records (time_us);
PRAGMA user_version = 4;
)sql",
                                                     R"sql(
DROP INDEX nodes_by_id;
CREATE TABLE node_ids (id TEXT NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (id, row)) WITHOUT ROWID;
INSERT INTO node_ids SELECT id, row FROM nodes ORDER BY id, row;
CREATE TABLE node_ids_state (indexed_row INTEGER NOT NULL);
INSERT INTO node_ids_state SELECT COALESCE(MAX(row), 0) FROM nodes;
PRAGMA user_version = 5;
)sql",
                                                     R"sql(
CREATE INDEX log_records_by_span ON log_records (trace_id, span_id, time_us)
  WHERE span_id IS NOT NULL;
PRAGMA user_version = 6;
)sql"};

// Enough for a burst of 20 MiB bodies between two checkpoints of the log.
constexpr const char* kSettings = R"sql(
PRAGMA page_size = 8192;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA wal_autocheckpoint = 8192;
PRAGMA journal_size_limit = 134217728;
PRAGMA cache_size = -65536;
PRAGMA temp_store = MEMORY;
)sql";

constexpr std::size_t kIndexStep = 3;  // from which on traces have an index

bool is_in_memory(const std::string& path) { return path == ":memory:"; }

}  // namespace

Database::Database(const std::string& path) : path_(path), connection_(path) {
  connection_.execute(kSettings);
  create_tables();
}

void Database::create_tables() {
  const std::string version = connection_.query_text("PRAGMA user_version");
  std::size_t done = 0;
  while (done <= kSchemaSteps.size() && version != std::to_string(done)) ++done;
  if (done > kSchemaSteps.size()) {
    throw StoreError("the database was written by another version of llmtrace-collector (schema " +
                     version + "); choose another file");
  }
  was_upgraded_ = done > 0 && done < kIndexStep;
  for (; done < kSchemaSteps.size(); ++done) {
    connection_.execute("BEGIN IMMEDIATE");
    connection_.execute(kSchemaSteps.at(done));
    connection_.execute("COMMIT");
  }
}

void Database::commit(const std::function<void()>& work) {
  Job job{.work = work};
  std::unique_lock lock(queue_mutex_);
  queue_.push_back(&job);
  queue_changed_.wait(lock, [&] { return job.is_done || !is_writing_; });
  if (!job.is_done) {  // nobody writes, so this caller does, for all that wait
    is_writing_ = true;
    const std::vector<Job*> group = std::exchange(queue_, {});
    lock.unlock();
    run(group);
    lock.lock();
    for (Job* one : group) one->is_done = true;
    is_writing_ = false;
    queue_changed_.notify_all();
  }
  lock.unlock();
  if (job.error) std::rethrow_exception(job.error);
}

void Database::run(const std::vector<Job*>& group) {
  const std::lock_guard lock(mutex_);
  try {
    run_all(group);
  } catch (const std::exception&) {
    connection_.rollback();
    for (Job* job : group) {
      if (!job->error) job->error = std::current_exception();
    }
  }
}

void Database::run_all(const std::vector<Job*>& group) {
  connection_.execute("BEGIN IMMEDIATE");
  for (Job* job : group) {
    connection_.execute("SAVEPOINT job");
    run_one(*job);
    connection_.execute("RELEASE job");  // fails when a full disk has ended the transaction
  }
  connection_.execute("COMMIT");
  ++commit_count_;
}

void Database::run_one(Job& job) {
  try {
    job.work();
  } catch (const std::exception&) {
    job.error = std::current_exception();
    connection_.execute("ROLLBACK TO job");
  }
}

Database::Reader::Reader(Database& database) : database_(database) {
  if (is_in_memory(database.path_)) {
    lock_ = std::unique_lock(database.mutex_);
    return;
  }
  {
    const std::lock_guard lock(database.readers_mutex_);
    if (!database.free_readers_.empty()) {
      own_ = std::move(database.free_readers_.back());
      database.free_readers_.pop_back();
    }
  }
  if (!own_) {
    own_ = std::make_unique<SqliteDatabase>(database.path_);
    own_->execute("PRAGMA query_only = 1; PRAGMA mmap_size = 268435456");
  }
  own_->execute("BEGIN");
}

Database::Reader::~Reader() {
  if (!own_) return;
  own_->rollback();
  const std::lock_guard lock(database_.readers_mutex_);
  database_.free_readers_.push_back(std::move(own_));
}

}  // namespace llmtrace::collector
