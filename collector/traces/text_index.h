// TextIndex makes inputs, outputs and metadata searchable by their words (SQLite's FTS5). It
// follows the table `nodes` in the background, on a thread of its own: intakes do not wait for it,
// and while they are busy it goes slowly. It remembers in the database how far it came.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "collector/database.h"

namespace llmtrace::collector {

class TextIndex {
 public:
  explicit TextIndex(Database& database);
  /// Ends after the batch that is being written; the rest waits in the database.
  ~TextIndex();
  TextIndex(const TextIndex&) = delete;
  TextIndex& operator=(const TextIndex&) = delete;

  /// There is something new.
  void poke();
  /// Forgets all words, those of removed nodes too, and begins again.
  void renew();

  struct State {
    std::int64_t pending = 0;
    double lag_ms = 0;  // how long the oldest of them has been stored
    std::int64_t indexed = 0;
  };
  /// For one connection, inside a read.
  static State state(SqliteDatabase& connection);

 private:
  struct Documents {
    std::int64_t begin = 0;                                     // the row that was indexed last
    std::vector<std::pair<std::int64_t, std::string>> words{};  // by row
  };

  void work();
  std::size_t index_some();
  Documents read_some();
  void write(const Documents& documents);

  Database& database_;
  std::mutex mutex_;  // guards the two that follow
  bool has_news_ = true;
  bool is_stopped_ = false;
  std::condition_variable changed_;
  std::thread thread_;
};

/// The words of JSON text: keys, numbers, and strings without their escapes.
void append_words(std::string& words, std::string_view json);

}  // namespace llmtrace::collector
