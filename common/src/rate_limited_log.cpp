#include "common/src/rate_limited_log.h"

#include <cstdio>
#include <exception>
#include <string>

namespace llmtrace {
inline namespace v0 {
namespace {

class StderrLogSink final : public LogSink {
 public:
  void log(LogLevel level, std::string_view message) override {
    static constexpr std::string_view kNames[] = {"debug", "info", "warning", "error"};
    std::string line = "llmtrace: ";
    line.append(kNames[static_cast<std::size_t>(level)]).append(": ").append(message).append("\n");
    std::fwrite(line.data(), 1, line.size(), stderr);
  }
};

class SystemClock final : public Clock {
 public:
  Timestamp now() noexcept override { return std::chrono::system_clock::now(); }
  std::chrono::steady_clock::time_point steady_now() noexcept override {
    return std::chrono::steady_clock::now();
  }
};

}  // namespace

bool RateLimitedLog::log(LogLimit& limit, LogLevel level, std::string_view message) noexcept {
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(clock_->steady_now().time_since_epoch())
          .count();
  std::int64_t next = limit.next_nanoseconds_.load(std::memory_order_relaxed);
  // Only one of several threads wins the exchange and speaks.
  if (next != 0 && now < next) {
    limit.held_back_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  const std::int64_t free_again = now + limit.interval_.count();
  if (!limit.next_nanoseconds_.compare_exchange_strong(next, free_again)) return false;
  const std::uint64_t held_back = limit.held_back_.exchange(0, std::memory_order_relaxed);
  if (held_back == 0) {
    write(level, message);
    return true;
  }
  try {
    write(level,
          std::string(message) + " (" + std::to_string(held_back) + " similar messages held back)");
  } catch (const std::exception&) {  // no memory for the longer text
    write(level, message);
  }
  return true;
}

void RateLimitedLog::write(LogLevel level, std::string_view message) noexcept {
  try {
    sink_->log(level, message);
  } catch (...) {  // the user's code: it may fail, we may not
    failures_.fetch_add(1, std::memory_order_relaxed);
  }
}

std::shared_ptr<LogSink> make_stderr_log_sink() { return std::make_shared<StderrLogSink>(); }

std::shared_ptr<Clock> make_system_clock() { return std::make_shared<SystemClock>(); }

}  // namespace v0
}  // namespace llmtrace
