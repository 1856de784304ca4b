// Retention removes old traces, with all that belongs to them, in the background: those that are
// older than asked, and the oldest ones while the database is larger than asked. Small transactions
// let intakes through in between.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "collector/database.h"
#include "collector/traces/text_index.h"

namespace llmtrace::collector {

struct RetentionOptions {
  std::optional<std::chrono::seconds> age{};     // nothing: keep them
  std::optional<std::int64_t> max_size_bytes{};  // nothing: no limit
  std::chrono::milliseconds interval{10'000};
};

class Retention {
 public:
  Retention(Database& database, TextIndex& text, const RetentionOptions& options);
  ~Retention();
  Retention(const Retention&) = delete;
  Retention& operator=(const Retention&) = delete;

  [[nodiscard]] std::int64_t removed_traces() const noexcept { return removed_traces_; }

 private:
  // What is in use: pages that were freed are used again before the file grows.
  struct Fill {
    std::int64_t used_bytes = 0;
    std::int64_t traces = 0;
    std::int64_t nodes = 0;
  };

  void work();
  void remove_all();
  void shrink();
  std::vector<std::string> oldest_traces(std::optional<std::int64_t> before_us, std::int64_t most);
  void remove(const std::vector<std::string>& trace_ids);
  void remove_logs(std::int64_t before_us);
  void renew_text_index();
  void remove_unused_resources();
  bool is_stopped();

  Database& database_;
  TextIndex& text_;
  const RetentionOptions options_;
  std::atomic<std::int64_t> removed_traces_{0};
  std::int64_t removed_nodes_ = 0;  // since the text index was made; of the thread alone
  std::mutex mutex_;                // guards the one that follows
  bool is_stopped_ = false;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace llmtrace::collector
