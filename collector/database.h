// Database is the SQLite connections behind the stores, on a file or in memory, with all tables
// made. A transaction that returned survives a kill of the process (WAL, synchronous=NORMAL; a
// power cut may take the last ones, never the database). Any thread may call.
//
// Writers that come at the same time share one transaction: the first of them writes for all that
// wait, and each goes on when the common commit is done. Long reads have connections of their own
// and hinder nobody; in memory there is but one connection, for one at a time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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
    std::optional<decltype(work())> result;
    commit([&] { result.emplace(work()); });
    return std::move(*result);
  }

  /// What `work(connection)` returns; it sees one state of the database throughout and lets writers
  /// go on. For reading alone.
  template <class Work>
  auto snapshot(const Work& work) {
    const Reader reader(*this);
    return work(reader.connection());
  }

  /// For statements, which are stepped inside `read` and `write` alone.
  [[nodiscard]] SqliteDatabase& connection() noexcept { return connection_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Whether the file was of an older version, without an index of its traces.
  [[nodiscard]] bool was_upgraded() const noexcept { return was_upgraded_; }
  /// How many transactions there were, so that work in the background can tell whether others wait.
  [[nodiscard]] std::uint64_t commit_count() const noexcept { return commit_count_; }

 private:
  // One caller of `write` who waits.
  struct Job {
    const std::function<void()>& work;
    std::exception_ptr error{};
    bool is_done = false;
  };

  // A connection for one snapshot: a free one, or the only one when there is no file.
  class Reader {
   public:
    explicit Reader(Database& database);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    [[nodiscard]] SqliteDatabase& connection() const noexcept {
      return own_ ? *own_ : database_.connection_;
    }

   private:
    Database& database_;
    std::unique_lock<std::mutex> lock_;
    std::unique_ptr<SqliteDatabase> own_;
  };

  void create_tables();
  void commit(const std::function<void()>& work);
  void run(const std::vector<Job*>& group);
  void run_all(const std::vector<Job*>& group);
  void run_one(Job& job);

  const std::string path_;
  bool was_upgraded_ = false;
  std::mutex mutex_;  // guards the connection
  SqliteDatabase connection_;

  std::mutex queue_mutex_;  // guards the three that follow and every Job::is_done
  std::condition_variable queue_changed_;
  std::vector<Job*> queue_;
  bool is_writing_ = false;
  std::atomic<std::uint64_t> commit_count_{0};

  std::mutex readers_mutex_;
  std::vector<std::unique_ptr<SqliteDatabase>> free_readers_;
};

}  // namespace llmtrace::collector
