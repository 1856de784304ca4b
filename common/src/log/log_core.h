// LogCore is what all copies of a Logger share: the level and the queue. It outlives a fork: in the
// child every core has a new queue, whose thread opens the file anew at the first line; what the
// parent had queued is the parent's to write.
#pragma once

#include <llmtrace/log.h>

#include <atomic>
#include <memory>

#include "common/src/log/log_queue.h"

namespace llmtrace {
inline namespace v0 {

class LogCore {
 public:
  /// Throws std::invalid_argument.
  explicit LogCore(LoggerOptions options);
  ~LogCore();

  /// Null in a forked child that has no memory for one.
  LogQueue* queue() const noexcept { return queue_.get(); }
  void export_to(std::shared_ptr<LogExporter> exporter) noexcept;
  bool has_exporter() const noexcept { return has_exporter_.load(std::memory_order_relaxed); }
  Timestamp now() const noexcept { return clock_->now(); }
  std::chrono::steady_clock::time_point steady_now() const noexcept { return clock_->steady_now(); }
  /// In the child, before it has another thread.
  void renew_after_fork() noexcept;

  mutable std::atomic<LogLevel> level;

 private:
  const LoggerOptions options_;
  const std::shared_ptr<Clock> clock_;
  std::shared_ptr<LogQueue> queue_;
  std::shared_ptr<LogExporter> exporter_;  // under the mutex that is held over a fork
  std::atomic<bool> has_exporter_{false};
};

}  // namespace v0
}  // namespace llmtrace
