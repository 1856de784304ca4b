#include "collector/database.h"

#include <array>
#include <cstddef>

namespace llmtrace::collector {
namespace {

// Each step brings a database of the version before it up to date; the last one's is ours.
constexpr std::array<const char*, 2> kSchemaSteps = {R"sql(
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
)sql"};

}  // namespace

Database::Database(const std::string& path) : connection_(path) {
  connection_.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
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
  for (; done < kSchemaSteps.size(); ++done) {
    connection_.execute("BEGIN IMMEDIATE");
    connection_.execute(kSchemaSteps.at(done));
    connection_.execute("COMMIT");
  }
}

}  // namespace llmtrace::collector
