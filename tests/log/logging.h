// What the tests of logs share: a logger on a fake clock whose lines are kept in memory, sinks that
// can be stopped, and masks that do not outlive their test.
#pragma once

#include <llmtrace/log.h>
#include <llmtrace/testing.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/src/json_value.h"
#include "tests/common/strict_json.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_log_sink.h"

namespace llmtrace::tests {

using llmtrace::testing::MemoryDestination;

/// A sink that holds the logger's thread until it is opened.
class GateSink final : public LogSink {
 public:
  void log(LogLevel /*level*/, std::string_view message) override {
    std::unique_lock lock(mutex_);
    entered_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    lines_.emplace_back(message);
  }
  void wait_until_entered() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return entered_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return lines_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  bool entered_ = false;
  bool open_ = false;
};

class RestoredMask {
 public:
  explicit RestoredMask(Mask mask) { set_mask(std::move(mask)); }
  ~RestoredMask() { set_mask({}); }
  RestoredMask(const RestoredMask&) = delete;
  RestoredMask& operator=(const RestoredMask&) = delete;
};

struct Logged {
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<RecordingLogSink> sink = std::make_shared<RecordingLogSink>();
  Logger logger{{.name = "api", .level = LogLevel::Debug, .sink = sink, .clock = clock}};

  std::vector<std::string> lines() const {
    EXPECT_TRUE(logger.flush(std::chrono::seconds(30)));
    return sink->lines();
  }
  /// The last line, read.
  JsonValue last() const {
    const std::vector<std::string> all = lines();
    if (all.empty()) return {};
    EXPECT_TRUE(llmtrace_tests::is_strict_json(all.back())) << all.back();
    return JsonValue::parse(all.back()).value_or(JsonValue());
  }
};

inline bool adds_up(const LogStats& stats) {
  return stats.submitted == stats.written + stats.dropped() + stats.in_queue;
}

}  // namespace llmtrace::tests
