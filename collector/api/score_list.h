// Scores of both vendors as one list: Langfuse's scores and LangSmith's feedback.
#pragma once

#include <llmtrace/json_writer.h>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "collector/row_filter.h"
#include "collector/row_sql.h"
#include "collector/sqlite_database.h"

namespace llmtrace::collector {

/// A row of either table. Of a score `number` and `text` are set as there, of feedback `number`
/// is never, and `text` is JSON of its score, `value` of its value.
struct AnyScore {
  static constexpr std::string_view kTable =
      "(SELECT id, trace_id, observation_id AS subject, session_id, name, data_type, number, text,"
      " NULL AS value, comment, source AS origin, timestamp_ms * 1000 AS time_us, metadata,"
      " 0 AS source FROM scores UNION ALL"
      " SELECT id, trace_id, run_id, NULL, key, NULL, NULL, score, value, comment, source,"
      " created_us, extra, 1 FROM feedback)";

  std::string id{};
  std::optional<std::string> trace_id{};
  std::optional<std::string> subject{};  // an observation's or a run's id
  std::optional<std::string> session_id{};
  std::string name{};
  std::optional<std::string> data_type{};
  std::optional<double> number{};
  std::optional<std::string> text{};
  std::optional<std::string> value{};
  std::optional<std::string> comment{};
  std::optional<std::string> origin{};
  std::int64_t time_us = 0;
  std::optional<std::string> metadata{};
  std::int64_t source = 0;
};

template <class Row, class Visitor>
requires std::same_as<std::remove_cvref_t<Row>, AnyScore>
void visit_columns(Row&& row, Visitor&& visit) {
  visit("id", row.id);
  visit("trace_id", row.trace_id);
  visit("subject", row.subject);
  visit("session_id", row.session_id);
  visit("name", row.name);
  visit("data_type", row.data_type);
  visit("number", row.number);
  visit("text", row.text);
  visit("value", row.value);
  visit("comment", row.comment);
  visit("origin", row.origin);
  visit("time_us", row.time_us);
  visit("metadata", row.metadata);
  visit("source", row.source);
}

/// Newest first. For one connection, inside a read.
std::vector<AnyScore> read_scores(SqliteDatabase& connection, const RowFilter& filter,
                                  std::int64_t limit);
std::vector<AnyScore> read_scores_of(SqliteDatabase& connection, const std::string& trace_id);
std::int64_t count_scores_of(SqliteDatabase& connection, const std::string& trace_id);

/// The node that it is about; nothing when it is about the trace as a whole.
std::optional<std::string> node_id_of(const AnyScore& score);

void write_score(JsonWriter& writer, const AnyScore& score);

}  // namespace llmtrace::collector
