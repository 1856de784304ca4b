// LogStore keeps OTLP log records, found by the trace and the span that they belong to. Any thread
// may call.
#pragma once

#include <cstdint>
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

  /// All of them or, when it throws, none.
  void put(const std::vector<OtlpLogGroup>& groups);
  /// Of a trace, in the order of their times; at most `limit`, the newest.
  std::vector<StoredLog> logs_of(const std::string& trace_id, std::int64_t limit);

 private:
  std::int64_t resource_id(const std::string& json);

  Database& database_;
  SqliteStatement insert_record_;
  SqliteStatement insert_resource_;
  SqliteStatement find_resource_;
};

}  // namespace llmtrace::collector
