// Database is the one SQLite connection behind the stores, in a file or in memory, with all tables
// made. A transaction that returned survives a kill of the process (WAL, synchronous=NORMAL; a
// power cut may take the last ones, never the database). Any thread may call; one runs at a time.
#pragma once

#include <exception>
#include <mutex>
#include <string>

#include "collector/sqlite_database.h"

namespace llmtrace::collector {

class Database {
 public:
  /// Opens or creates the file at `path`; ":memory:" for none. Throws StoreError.
  explicit Database(const std::string& path);

  /// What `work` returns; nobody else uses the connection meanwhile.
  template <class Work>
  auto read(const Work& work) {
    const std::lock_guard lock(mutex_);
    return work();
  }

  /// What `work` returns. All that it writes is stored or, when it throws, nothing of it.
  template <class Work>
  auto write(const Work& work) {
    const std::lock_guard lock(mutex_);
    connection_.execute("BEGIN IMMEDIATE");
    try {
      auto result = work();
      connection_.execute("COMMIT");
      return result;
    } catch (const std::exception&) {
      connection_.rollback();
      throw;
    }
  }

  /// For statements, which are stepped inside `read` and `write` alone.
  [[nodiscard]] SqliteDatabase& connection() noexcept { return connection_; }

 private:
  void create_tables();

  std::mutex mutex_;  // guards the connection
  SqliteDatabase connection_;
};

}  // namespace llmtrace::collector
