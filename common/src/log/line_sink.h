// LineSink is where a logger's thread puts its lines: spdlog's sinks, or the user's own.
#pragma once

#include <llmtrace/log.h>

#include <cstddef>
#include <memory>
#include <string_view>

namespace llmtrace {
inline namespace v0 {

class LineSink {
 public:
  virtual ~LineSink() = default;
  /// The most bytes that one write should have; a single line may have more.
  virtual std::size_t max_bytes() const noexcept = 0;
  /// Whole lines with their newlines; `level` is the first one's. All are written when it returns;
  /// it throws when they may not be.
  virtual void write(LogLevel level, std::string_view lines) = 0;
};

/// What the options name. Throws std::exception with the reason when it cannot be opened.
std::unique_ptr<LineSink> open_line_sink(const LoggerOptions& options);

}  // namespace v0
}  // namespace llmtrace
