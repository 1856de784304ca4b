#include "common/src/log/line_sink.h"

#include <spdlog/formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/daily_file_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <system_error>
#include <utility>

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::size_t kMaxWrite = std::size_t{16} << 10;

// The lines are complete: spdlog adds nothing.
class AsGiven final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    out.append(message.payload.begin(), message.payload.end());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<AsGiven>(); }
};

spdlog::level::level_enum spdlog_level(LogLevel level) noexcept {
  static constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                          spdlog::level::warn, spdlog::level::err};
  return kLevels[static_cast<std::size_t>(level)];
}

class SpdlogLineSink : public LineSink {
 public:
  SpdlogLineSink(std::shared_ptr<spdlog::sinks::sink> sink, std::size_t max_bytes)
      : sink_(std::move(sink)), max_bytes_(max_bytes) {
    sink_->set_formatter(std::make_unique<AsGiven>());
  }
  std::size_t max_bytes() const noexcept override { return max_bytes_; }
  void write(LogLevel level, std::string_view lines) override {
    sink_->log({spdlog::string_view_t(), spdlog_level(level),
                spdlog::string_view_t(lines.data(), lines.size())});
  }

 private:
  std::shared_ptr<spdlog::sinks::sink> sink_;
  std::size_t max_bytes_;
};

class StderrLineSink final : public SpdlogLineSink {
 public:
  StderrLineSink() : SpdlogLineSink(std::make_shared<spdlog::sinks::stderr_sink_st>(), kMaxWrite) {}
  void write(LogLevel level, std::string_view lines) override {
    SpdlogLineSink::write(level, lines);
    // spdlog does not look whether the stream took them.
    if (std::ferror(stderr) == 0) return;
    const int error = errno;
    std::clearerr(stderr);
    throw std::system_error(error, std::generic_category(), "standard error");
  }
};

class UserLineSink final : public LineSink {
 public:
  explicit UserLineSink(std::shared_ptr<LogSink> sink) : sink_(std::move(sink)) {}
  std::size_t max_bytes() const noexcept override { return 0; }  // one by one
  void write(LogLevel level, std::string_view line) override {
    sink_->log(level, line.substr(0, line.size() - 1));
  }

 private:
  std::shared_ptr<LogSink> sink_;
};

// A stream that keeps nothing: what was written is in the file, what failed is known at once, and
// a forked child has no half of its parent's lines.
spdlog::file_event_handlers unbuffered() {
  spdlog::file_event_handlers handlers;
  handlers.after_open = [](const spdlog::filename_t& /*name*/, std::FILE* file) {
    std::setvbuf(file, nullptr, _IONBF, 0);
  };
  return handlers;
}

std::shared_ptr<spdlog::sinks::sink> open_file(const LoggerOptions& options) {
  if (options.max_file_bytes != 0) {
    return std::make_shared<spdlog::sinks::rotating_file_sink_st>(
        options.file, options.max_file_bytes, options.max_files, false, unbuffered());
  }
  if (options.daily_file) {
    constexpr std::size_t kMost = std::numeric_limits<std::uint16_t>::max();
    const std::size_t files = std::min(options.max_files + 1, kMost);  // with the current one
    return std::make_shared<spdlog::sinks::daily_file_sink_st>(
        options.file, 0, 0, false, static_cast<std::uint16_t>(files), unbuffered());
  }
  return std::make_shared<spdlog::sinks::basic_file_sink_st>(options.file, false, unbuffered());
}

}  // namespace

std::unique_ptr<LineSink> open_line_sink(const LoggerOptions& options) {
  if (options.sink) return std::make_unique<UserLineSink>(options.sink);
  if (options.file.empty()) return std::make_unique<StderrLineSink>();
  const std::size_t max_bytes =
      options.max_file_bytes == 0 ? kMaxWrite : std::min(kMaxWrite, options.max_file_bytes);
  return std::make_unique<SpdlogLineSink>(open_file(options), max_bytes);
}

}  // namespace v0
}  // namespace llmtrace
