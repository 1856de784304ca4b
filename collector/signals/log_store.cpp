#include "collector/signals/log_store.h"

#include <algorithm>
#include <string_view>

namespace llmtrace::collector {

LogStore::LogStore(Database& database)
    : database_(database),
      insert_record_(database.connection(),
                     "INSERT INTO log_records (trace_id, span_id, time_us, resource, record) "
                     "VALUES (?, ?, ?, ?, ?)"),
      insert_resource_(database.connection(),
                       "INSERT INTO otlp_resources (json) VALUES (?) ON CONFLICT DO NOTHING"),
      find_resource_(database.connection(), "SELECT id FROM otlp_resources WHERE json = ?") {}

void LogStore::put(const std::vector<OtlpLogGroup>& groups) {
  database_.write([&] {
    for (const OtlpLogGroup& group : groups) {
      if (group.records.empty()) continue;
      const std::int64_t resource = resource_id(group.resource_json);
      for (const OtlpLogRecord& record : group.records) {
        const StatementReset reset(insert_record_);
        insert_record_.bind(1, record.trace_id);
        insert_record_.bind(2, record.span_id);
        insert_record_.bind(3, record.time_us);
        insert_record_.bind(4, resource);
        insert_record_.bind(5, std::string_view(record.json));
        insert_record_.step();
      }
    }
    return true;
  });
}

std::int64_t LogStore::resource_id(const std::string& json) {
  {
    const StatementReset reset(insert_resource_);
    insert_resource_.bind(1, std::string_view(json));
    insert_resource_.step();
  }
  const StatementReset reset(find_resource_);
  find_resource_.bind(1, std::string_view(json));
  std::int64_t id = 0;
  if (find_resource_.step()) find_resource_.read(0, id);
  return id;
}

std::vector<StoredLog> LogStore::logs_of(const std::string& trace_id, std::int64_t limit) {
  return database_.snapshot([&](SqliteDatabase& connection) {
    SqliteStatement statement(
        connection,
        "SELECT time_us, record, json FROM log_records JOIN otlp_resources ON resource = id "
        "WHERE trace_id = ? ORDER BY time_us DESC, row DESC LIMIT ?");
    statement.bind(1, std::string_view(trace_id));
    statement.bind(2, limit);
    std::vector<StoredLog> logs;
    while (statement.step()) {
      StoredLog& log = logs.emplace_back();
      statement.read(0, log.time_us);
      statement.read(1, log.record_json);
      statement.read(2, log.resource_json);
    }
    std::reverse(logs.begin(), logs.end());
    return logs;
  });
}

}  // namespace llmtrace::collector
