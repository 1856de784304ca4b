// LogStore keeps OTLP log records, found by the trace and the span that they belong to. Any thread
// may call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/database.h"
#include "collector/signals/otlp_logs.h"
#include "collector/sqlite_statement.h"

namespace llmtrace::collector {

/// A record and what it came with.
struct StoredLog {
  std::int64_t time_us = 0;
  std::string record_json{};
  std::string resource_json{};  // {"resource": {...}, "scope": {...}}
};

class LogStore {
 public:
  explicit LogStore(Database& database);

  /// All of them or, when it throws, none. Returns the traces that they belong to, which have
  /// changed by it.
  std::vector<std::string> put(const std::vector<OtlpLogGroup>& groups);
  /// Of a trace, in the order of their times; at most `limit`, the newest.
  std::vector<StoredLog> logs_of(const std::string& trace_id, std::int64_t limit);
  /// When the trace began: as its summary has it, or with its first line when nothing else came.
  std::int64_t start_of(const std::string& trace_id, const StoredLog& first);

 private:
  std::int64_t resource_id(const std::string& json);

  Database& database_;
  SqliteStatement insert_record_;
  SqliteStatement insert_resource_;
  SqliteStatement find_resource_;
  SqliteStatement touch_trace_;
};

/// Of a trace or, with `span_id`, of one of its spans; in the order of their times, at most
/// `limit`, the newest. For one connection, inside a read.
std::vector<StoredLog> read_logs(SqliteDatabase& connection, const std::string& trace_id,
                                 const std::optional<std::string>& span_id, std::int64_t limit);
/// The events of the GenAI conventions among those of a span, the first ones, as their records.
std::vector<StoredLog> read_gen_ai_events(SqliteDatabase& connection, const std::string& trace_id,
                                          const std::string& span_id, std::int64_t limit);
std::int64_t count_logs(SqliteDatabase& connection, const std::string& trace_id);

}  // namespace llmtrace::collector
