#include "collector/sqlite_database.h"

#include <sqlite3.h>

#include "collector/sqlite_statement.h"

namespace llmtrace::collector {

SqliteDatabase::SqliteDatabase(const std::string& path) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) {
    throw StoreError("cannot open the database '" + path + "': " + sqlite3_errstr(code));
  }
  sqlite3_busy_timeout(handle, 5000);
}

void SqliteDatabase::execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw StoreError(std::string("SQLite: ") + sqlite3_errmsg(handle_.get()));
  }
}

void SqliteDatabase::rollback() noexcept {
  if (sqlite3_get_autocommit(handle_.get()) == 0) {
    sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

std::string SqliteDatabase::query_text(const char* sql) {
  SqliteStatement statement(*this, sql);
  std::string text;
  if (statement.step()) statement.read(0, text);
  return text;
}

void SqliteDatabase::Close::operator()(sqlite3* handle) const noexcept { sqlite3_close(handle); }

}  // namespace llmtrace::collector
