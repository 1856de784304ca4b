#include "collector/store.h"

#include <string>
#include <utility>

namespace llmtrace::collector {

Store::Store(Database& database)
    : database_(database),
      put_observation_(database.connection(), upsert_sql<Observation>(OnConflict::Replace)),
      update_observation_(database.connection(), upsert_sql<Observation>(OnConflict::Merge)),
      update_trace_(database.connection(), upsert_sql<Trace>(OnConflict::Merge)),
      imply_trace_(database.connection(), upsert_sql<Trace>(OnConflict::Keep)),
      put_score_(database.connection(), upsert_sql<Score>(OnConflict::Replace)) {}

void Store::put(const StoreBatch& batch) {
  database_.write([&] {
    write_rows(put_observation_, batch.observations);
    write_rows(update_observation_, batch.observation_updates);
    write_rows(update_trace_, batch.trace_updates);
    write_rows(imply_trace_, batch.implied_traces);
    write_rows(put_score_, batch.scores);
    return true;
  });
}

std::vector<Observation> Store::observations(const RowFilter& filter, const RowPage& page) {
  return database_.read([&] {
    return read_rows<Observation>(database_.connection(), filter,
                                  " ORDER BY start_ms DESC, trace_id DESC, id DESC", page);
  });
}

std::vector<Score> Store::scores(const RowFilter& filter, const RowPage& page) {
  return database_.read([&] {
    return read_rows<Score>(database_.connection(), filter, " ORDER BY timestamp_ms DESC, id DESC",
                            page);
  });
}

std::optional<Trace> Store::trace(std::string_view id) {
  RowFilter filter;
  filter.equal("id", std::string(id));
  std::vector<Trace> rows = database_.read(
      [&] { return read_rows<Trace>(database_.connection(), filter, "", {.limit = 1}); });
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

std::int64_t Store::count(std::string_view table, const RowFilter& filter) {
  return database_.read([&] { return count_rows(database_.connection(), table, filter); });
}

}  // namespace llmtrace::collector
