// RequestLog writes one JSON line for each request, with the ids of its trace. Any thread; it never
// waits for the file.
#pragma once

#include <llmtrace/log.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace service {

struct HandledRequest {
  llmtrace::LogLevel level = llmtrace::LogLevel::Info;
  std::string_view method{};
  std::string_view path{};
  int status = 0;
  std::chrono::nanoseconds duration{};
  std::string_view failure{};  ///< empty: it went well
};

class RequestLog {
 public:
  /// Appends to `file`; empty: standard error. Throws std::invalid_argument when it cannot.
  explicit RequestLog(const std::string& file)
      : logger_(llmtrace::LoggerOptions{.name = "service", .file = file}) {}

  /// The line, with the context fields and ids of the calling thread.
  void write(const HandledRequest& request) const noexcept;
  const llmtrace::Logger& logger() const noexcept { return logger_; }

 private:
  llmtrace::Logger logger_;
};

}  // namespace service
