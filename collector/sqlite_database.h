// SqliteDatabase owns one SQLite connection; StoreError carries what SQLite said. Used by
// Database alone, under its lock.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

struct sqlite3;

namespace llmtrace::collector {

class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class SqliteDatabase {
 public:
  /// Opens or creates the file; ":memory:" keeps everything in memory. Throws StoreError.
  explicit SqliteDatabase(const std::string& path);

  /// Runs constant SQL that returns nothing.
  void execute(const char* sql);
  /// Ends the open transaction, if there still is one (a full disk ends it by itself).
  void rollback() noexcept;
  /// The first value of the first row of constant SQL, as text.
  std::string query_text(const char* sql);
  [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const noexcept;
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace llmtrace::collector
