// LogSink receives llmtrace's own messages: what is wrong, in one line, with the remedy. The
// default one writes to standard error. Messages of one kind come at most once a second and never
// hold a secret or an observation's content.
#pragma once

#include <llmtrace/export.h>

#include <string_view>

namespace llmtrace {
inline namespace v0 {

enum class LogLevel : unsigned char { Debug, Info, Warning, Error };

class LLMTRACE_EXPORT LogSink {
 public:
  virtual ~LogSink() = default;
  /// Any thread, several at once. An exception is caught and counted.
  virtual void log(LogLevel level, std::string_view message) = 0;
};

}  // namespace v0
}  // namespace llmtrace
