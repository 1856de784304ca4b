#include "collector/signals/log_store.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "collector/iso_time.h"
#include "collector/row_sql.h"

namespace llmtrace::collector {

LogStore::LogStore(Database& database)
    : database_(database),
      insert_record_(database.connection(),
                     "INSERT INTO log_records (trace_id, span_id, time_us, resource, record) "
                     "VALUES (?, ?, ?, ?, ?)"),
      insert_resource_(database.connection(),
                       "INSERT INTO otlp_resources (json) VALUES (?) ON CONFLICT DO NOTHING"),
      find_resource_(database.connection(), "SELECT id FROM otlp_resources WHERE json = ?"),
      touch_trace_(database.connection(),
                   "UPDATE trace_summaries SET updated_us = ? WHERE trace_id = ?") {}

std::vector<std::string> LogStore::put(const std::vector<OtlpLogGroup>& groups) {
  std::set<std::string> traces;
  for (const OtlpLogGroup& group : groups) {
    for (const OtlpLogRecord& record : group.records) {
      if (record.trace_id) traces.insert(*record.trace_id);
    }
  }
  database_.write([&] {
    const std::int64_t now = now_us();
    for (const std::string& trace_id : traces) {
      const StatementReset reset(touch_trace_);
      touch_trace_.bind(1, now);
      touch_trace_.bind(2, std::string_view(trace_id));
      touch_trace_.step();
    }
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
  return {traces.begin(), traces.end()};
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
    return read_logs(connection, trace_id, std::nullopt, limit);
  });
}

std::int64_t LogStore::start_of(const std::string& trace_id, const StoredLog& first) {
  return database_.snapshot([&](SqliteDatabase& connection) {
    SqliteStatement statement(connection,
                              "SELECT start_us FROM trace_summaries WHERE trace_id = ?");
    statement.bind(1, std::string_view(trace_id));
    std::int64_t start_us = first.time_us;
    if (statement.step()) statement.read(0, start_us);
    return start_us;
  });
}

std::vector<StoredLog> read_logs(SqliteDatabase& connection, const std::string& trace_id,
                                 const std::optional<std::string>& span_id, std::int64_t limit) {
  SqliteStatement statement(
      connection,
      "SELECT time_us, record, json FROM log_records JOIN otlp_resources ON resource = id WHERE "
      "trace_id = ?1 AND " +
          std::string(span_id ? "span_id = ?2" : "?2 IS NULL") +
          " ORDER BY time_us DESC, row DESC LIMIT ?3");
  statement.bind(1, std::string_view(trace_id));
  statement.bind(2, span_id);
  statement.bind(3, limit);
  std::vector<StoredLog> logs;
  while (statement.step()) {
    StoredLog& log = logs.emplace_back();
    statement.read(0, log.time_us);
    statement.read(1, log.record_json);
    statement.read(2, log.resource_json);
  }
  std::reverse(logs.begin(), logs.end());
  return logs;
}

std::vector<StoredLog> read_gen_ai_events(SqliteDatabase& connection, const std::string& trace_id,
                                          const std::string& span_id, std::int64_t limit) {
  SqliteStatement statement(
      connection,
      "SELECT time_us, record FROM log_records WHERE trace_id = ?1 AND span_id = ?2 AND "
      "instr(record, '\"gen_ai.') > 0 ORDER BY time_us, row LIMIT ?3");
  statement.bind(1, std::string_view(trace_id));
  statement.bind(2, std::string_view(span_id));
  statement.bind(3, limit);
  std::vector<StoredLog> events;
  while (statement.step()) {
    StoredLog& event = events.emplace_back();
    statement.read(0, event.time_us);
    statement.read(1, event.record_json);
  }
  return events;
}

std::int64_t count_logs(SqliteDatabase& connection, const std::string& trace_id) {
  RowFilter filter;
  filter.equal("trace_id", trace_id);
  return count_rows(connection, "log_records", filter);
}

}  // namespace llmtrace::collector
