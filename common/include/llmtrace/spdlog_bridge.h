// The bridge for programs that log with spdlog already. Three ways, from the least change to the
// most:
//
//   logger->set_formatter(llmtrace::trace_pattern("[%T] [%l] [%Q %q] %v"));      the ids, as text
//   logger->set_formatter(std::make_unique<llmtrace::JsonFormatter>());          Logger's JSON
//   lines logger->sinks() = {std::make_shared<llmtrace::SpdlogSink>(llmtrace_logger)}; into a
//   Logger
//
// The current observation is that of the thread on which spdlog formats or calls its sinks. For
// spdlog's asynchronous loggers that is not the caller's: give these up for a SpdlogSink, whose
// Logger is asynchronous itself. JsonFormatter and SpdlogSink apply the mask of `set_mask`,
// JsonFormatter on the caller's thread; a pattern does not.
//
// This is the only public header that includes spdlog: the program finds and links it itself.
#pragma once

#include <llmtrace/log.h>
#include <llmtrace/observation.h>
#include <spdlog/formatter.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/sink.h>

#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace llmtrace {
inline namespace v0 {

namespace detail {

/// Appends the line, masked, with the calling thread's context.
LLMTRACE_EXPORT void append_log_line(std::string& out, Timestamp time, LogLevel level,
                                     std::string_view logger, std::string_view message);

inline LogLevel level_of(spdlog::level::level_enum level) noexcept {
  if (level >= spdlog::level::err) return LogLevel::Error;
  if (level == spdlog::level::warn) return LogLevel::Warning;
  return level == spdlog::level::info ? LogLevel::Info : LogLevel::Debug;
}

inline std::string_view view(spdlog::string_view_t text) noexcept {
  return {text.data(), text.size()};
}

}  // namespace detail

/// The trace id of the current observation; empty when there is none.
class TraceIdFlag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& /*message*/, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    const std::string id = current_observation().trace_id();
    out.append(id.data(), id.data() + id.size());
  }
  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
    return std::make_unique<TraceIdFlag>();
  }
};

/// Its span id.
class SpanIdFlag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& /*message*/, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    const std::string id = current_observation().id();
    out.append(id.data(), id.data() + id.size());
  }
  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
    return std::make_unique<SpanIdFlag>();
  }
};

/// spdlog's pattern with two flags more: %Q is the trace id, %q the span id.
inline std::unique_ptr<spdlog::formatter> trace_pattern(std::string pattern) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<TraceIdFlag>('Q').add_flag<SpanIdFlag>('q').set_pattern(std::move(pattern));
  return formatter;
}

/// Writes what a Logger writes: one JSON object per line.
class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    std::string line;
    detail::append_log_line(line, message.time, detail::level_of(message.level),
                            detail::view(message.logger_name), detail::view(message.payload));
    out.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>();
  }
};

/// Hands every message to a Logger, under the name of the spdlog logger that it came from. Any
/// thread; formatters have no say.
class SpdlogSink final : public spdlog::sinks::sink {
 public:
  explicit SpdlogSink(Logger logger) : logger_(std::move(logger)) {}
  void log(const spdlog::details::log_msg& message) override {
    const Logger logger = message.logger_name.size() == 0
                              ? logger_
                              : logger_.named(std::string(detail::view(message.logger_name)));
    logger.log(detail::level_of(message.level), detail::view(message.payload));
  }
  void flush() override { logger_.flush(); }
  void set_pattern(const std::string& /*pattern*/) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter> /*formatter*/) override {}

 private:
  Logger logger_;
};

}  // namespace v0
}  // namespace llmtrace
