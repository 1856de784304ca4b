// RecordingLogSink keeps what was logged, so that a test can look for what must, and must not, be
// there.
#pragma once

#include <llmtrace/log_sink.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace llmtrace::tests {

class RecordingLogSink final : public LogSink {
 public:
  void log(LogLevel /*level*/, std::string_view message) override {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(message);
  }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  std::size_t count(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count_if(
        lines_.begin(), lines_.end(),
        [part](const std::string& line) { return line.find(part) != std::string::npos; }));
  }
  bool contains(std::string_view part) const { return count(part) != 0; }
  std::string text() const {
    std::string all;
    for (const std::string& line : lines()) all.append(line).append("\n");
    return all;
  }

 private:
  mutable std::mutex mutex_;  // guards lines_
  std::vector<std::string> lines_;
};

}  // namespace llmtrace::tests
