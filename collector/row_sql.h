// Rows and tables: each row type names its table and key and lists its columns once, by
// `visit_columns`; the SQL that writes and reads it is made from that.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "collector/row_filter.h"
#include "collector/sqlite_statement.h"

namespace llmtrace::collector {

struct RowPage {
  std::int64_t limit = 50;
  std::int64_t offset = 0;
};

inline constexpr RowPage kAllRows{.limit = std::numeric_limits<std::int64_t>::max()};

/// What happens to a stored row of the same key.
enum class OnConflict {
  Replace,  // all columns but created_ms
  Merge,    // given columns win
  Keep,     // nothing
};

inline std::string assignment(const std::string& column, OnConflict policy) {
  const std::string given = "excluded." + column;
  if (policy == OnConflict::Replace) return column + "=" + given;
  if (column != "metadata") return column + "=COALESCE(" + given + "," + column + ")";
  return "metadata=COALESCE(json_patch(metadata,excluded.metadata),excluded.metadata,metadata)";
}

/// INSERT of all columns of one row.
template <class Row>
std::string insert_sql() {
  std::string columns, placeholders;
  visit_columns(Row(), [&](const std::string& column, const auto&) {
    columns += (columns.empty() ? "" : ",") + column;
    placeholders += placeholders.empty() ? "?" : ",?";
  });
  return "INSERT INTO " + std::string(Row::kTable) + " (" + columns + ") VALUES (" + placeholders +
         ")";
}

template <class Row>
std::string upsert_sql(OnConflict policy) {
  if (policy == OnConflict::Keep) return insert_sql<Row>() + " ON CONFLICT DO NOTHING";
  std::string assignments;
  visit_columns(Row(), [&](const std::string& column, const auto&) {
    if (column.starts_with("created_") || column == "id") return;
    if (column == "trace_id" && Row::kKey != "id") return;
    assignments += (assignments.empty() ? "" : ",") + assignment(column, policy);
  });
  return insert_sql<Row>() + " ON CONFLICT (" + std::string(Row::kKey) + ") DO UPDATE SET " +
         assignments;
}

/// Whether the statement gave a row back (RETURNING); it is ready for the next row either way.
template <class Row>
bool write_row(SqliteStatement& statement, const Row& row) {
  const StatementReset reset(statement);
  int index = 0;
  visit_columns(row, [&](const char*, const auto& value) { statement.bind(++index, value); });
  return statement.step();
}

template <class Row>
void write_rows(SqliteStatement& statement, const std::vector<Row>& rows) {
  for (const Row& row : rows) write_row(statement, row);
}

template <class Row>
std::string select_sql() {
  std::string columns;
  visit_columns(Row(), [&](const std::string& column, const auto&) {
    columns += (columns.empty() ? "" : ",") + column;
  });
  return "SELECT " + columns + " FROM " + std::string(Row::kTable);
}

inline int bind_values(SqliteStatement& statement, const RowFilter& filter) {
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

inline std::int64_t count_rows(SqliteDatabase& database, std::string_view table,
                               const RowFilter& filter) {
  SqliteStatement statement(database, "SELECT COUNT(*) FROM " + std::string(table) + filter.sql());
  bind_values(statement, filter);
  std::int64_t count = 0;
  if (statement.step()) statement.read(0, count);
  return count;
}

}  // namespace llmtrace::collector
