// RateLimitedLog passes a message on at most once a second per kind and says how many it held back.
// Any thread. An exception out of the sink is swallowed and counted.
#pragma once

#include <llmtrace/clock.h>
#include <llmtrace/export.h>
#include <llmtrace/log_sink.h>
#include <llmtrace/stats.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

namespace llmtrace {
inline namespace v0 {

/// Kinds of messages: the drop reasons come first.
enum class LogKind : unsigned char {
  Retry = kDropReasonCount,
  UserCode,
  Setup,
  Attribute,
  Reply,
};
inline constexpr std::size_t kLogKindCount = kDropReasonCount + 5;

/// How often messages of one kind, or of one origin, pass.
class LogLimit {
 public:
  LogLimit() noexcept = default;
  explicit LogLimit(std::chrono::nanoseconds interval) noexcept : interval_(interval) {}

 private:
  friend class RateLimitedLog;
  std::chrono::nanoseconds interval_ = std::chrono::seconds(1);
  std::atomic<std::int64_t> next_nanoseconds_{0};
  std::atomic<std::uint64_t> held_back_{0};
};

class LLMTRACE_EXPORT RateLimitedLog {
 public:
  RateLimitedLog(std::shared_ptr<LogSink> sink, std::shared_ptr<Clock> clock)
      : sink_(std::move(sink)), clock_(std::move(clock)) {}

  void log(LogKind kind, LogLevel level, std::string_view message) noexcept {
    log(limits_[static_cast<std::size_t>(kind)], level, message);
  }
  void log(DropReason reason, LogLevel level, std::string_view message) noexcept {
    log(static_cast<LogKind>(reason), level, message);
  }
  /// By a limit of its own; false when it was held back.
  bool log(LogLimit& limit, LogLevel level, std::string_view message) noexcept;
  /// Without a limit, for what was asked for (debug).
  void write(LogLevel level, std::string_view message) noexcept;
  std::uint64_t sink_failures() const noexcept { return failures_.load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<LogSink> sink_;
  std::shared_ptr<Clock> clock_;
  std::array<LogLimit, kLogKindCount> limits_;
  std::atomic<std::uint64_t> failures_{0};
};

/// Writes "llmtrace: warning: ..." to standard error.
LLMTRACE_EXPORT std::shared_ptr<LogSink> make_stderr_log_sink();

/// The system's clocks.
LLMTRACE_EXPORT std::shared_ptr<Clock> make_system_clock();

}  // namespace v0
}  // namespace llmtrace
