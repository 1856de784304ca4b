#include "collector/sqlite_statement.h"

#include <sqlite3.h>

namespace llmtrace::collector {

SqliteStatement::SqliteStatement(SqliteDatabase& database, std::string_view sql)
    : database_(database) {
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()), &statement,
                           nullptr));
  statement_.reset(statement);
}

void SqliteStatement::bind(int index, std::string_view text) {
  // A null pointer would bind NULL; an empty view may have one.
  check(sqlite3_bind_text64(statement_.get(), index, text.data() == nullptr ? "" : text.data(),
                            text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void SqliteStatement::bind(int index, std::int64_t integer) {
  check(sqlite3_bind_int64(statement_.get(), index, integer));
}

void SqliteStatement::bind(int index, double number) {
  check(sqlite3_bind_double(statement_.get(), index, number));
}

void SqliteStatement::bind_null(int index) { check(sqlite3_bind_null(statement_.get(), index)); }

void SqliteStatement::bind(int index, const Blob& blob) {
  check(sqlite3_bind_blob64(statement_.get(), index, blob.bytes.data(), blob.bytes.size(),
                            SQLITE_STATIC));
}

bool SqliteStatement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code != SQLITE_ROW && code != SQLITE_DONE) check(code);
  return code == SQLITE_ROW;
}

void SqliteStatement::reset() noexcept {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

void SqliteStatement::read(int column, std::string& text) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (bytes == nullptr) return text.clear();
  text.assign(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

void SqliteStatement::read(int column, std::int64_t& integer) const {
  integer = sqlite3_column_int64(statement_.get(), column);
}

void SqliteStatement::read(int column, double& number) const {
  number = sqlite3_column_double(statement_.get(), column);
}

void SqliteStatement::read(int column, bool& boolean) const {
  boolean = sqlite3_column_int64(statement_.get(), column) != 0;
}

bool SqliteStatement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void SqliteStatement::check(int code) const {
  if (code == SQLITE_OK) return;
  throw StoreError(std::string("SQLite: ") + sqlite3_errmsg(database_.handle()));
}

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}

}  // namespace llmtrace::collector
