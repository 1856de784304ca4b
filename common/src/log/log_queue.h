// LogQueue is the bounded queue of a logger and the thread that empties it. One mutex guards all of
// it for a few instructions at a time, so that lines stand in the order in which they were said and
// the counters add up at every moment. The thread starts with the first entry; it waits a moment
// for more, so that a busy program wakes it at most a hundred times a second.
//
// After a fork the child makes a new one and leaves the inherited one untouched (see log_core.h).
#pragma once

#include <llmtrace/log.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/src/log/line_sink.h"
#include "common/src/log/log_entry.h"
#include "common/src/rate_limited_log.h"

namespace llmtrace {
inline namespace v0 {

class LogQueue : public std::enable_shared_from_this<LogQueue> {
 public:
  /// Without a `sink` the thread opens it. What goes wrong is said on standard error.
  LogQueue(const LoggerOptions& options, std::unique_ptr<LineSink> sink);

  /// Who gets the lines beside the sink, from the next batch on; null: nobody.
  void export_to(std::shared_ptr<LogExporter> exporter) noexcept;
  /// Queues it, or counts it as dropped.
  void push(LogEntry&& entry) noexcept;
  /// Counts a line for which there was no memory.
  void refuse() noexcept;
  bool flush(std::chrono::milliseconds timeout) noexcept;
  /// Writes what is there, at most so long, and ends the thread; one that hangs in its sink is left
  /// to itself.
  void close(std::chrono::milliseconds timeout) noexcept;
  LogStats stats() const noexcept;

 private:
  bool has_room(std::size_t bytes) const noexcept;
  bool wait_for_room(std::unique_lock<std::mutex>& lock, std::size_t bytes);
  bool add(LogEntry&& entry, std::size_t bytes) noexcept;
  void start();
  void hurry() noexcept;

  void run() noexcept;
  void write_batch() noexcept;
  bool append_line(const LogEntry& entry, const Mask* mask) noexcept;
  bool put(LogLevel level) noexcept;
  void say(LogKind kind, const char* what, const char* why) noexcept;
  void export_line(const LogEntry& entry) noexcept;
  void settle(std::uint64_t written, std::uint64_t failed, std::size_t bytes) noexcept;

  const LoggerOptions options_;
  RateLimitedLog log_;
  const std::string full_text_;

  mutable std::mutex mutex_;  // guards what follows, up to the thread's own
  std::condition_variable wake_;
  std::condition_variable progress_;
  std::vector<LogEntry> entries_;
  std::size_t bytes_ = 0;  // of all that is in the queue
  LogStats stats_;
  std::shared_ptr<LogExporter> exporter_;
  int waiting_ = 0;  // for progress
  bool idle_ = false;
  bool hurry_ = false;
  bool closing_ = false;
  bool finished_ = false;
  std::thread thread_;

  // The thread's own.
  std::vector<LogEntry> batch_;
  std::shared_ptr<LogExporter> batch_exporter_;
  std::unique_ptr<LineSink> sink_;
  std::string line_;
  std::string lines_;
  std::uint64_t exported_ = 0;  // not in stats_ yet
};

}  // namespace v0
}  // namespace llmtrace
