// LogEntry is one call of a logger, on its way to the thread that writes: what was said, when, and
// in which context. It refers to nothing of the caller's.
#pragma once

#include <llmtrace/clock.h>
#include <llmtrace/log_sink.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/src/cell.h"

namespace llmtrace {
inline namespace v0 {

struct LogEntry {
  /// Said now, by this thread, in its context. `capacity` bytes of text are expected.
  LogEntry(LogLevel level, Timestamp time, std::string_view logger, std::string_view message,
           std::size_t capacity = 0);

  std::string_view logger() const noexcept { return std::string_view(text).substr(0, name_size); }
  std::string_view message() const noexcept {
    return std::string_view(text).substr(name_size, message_size);
  }
  /// The text of a JSON object, or nothing.
  std::string_view fields() const noexcept {
    return std::string_view(text).substr(name_size + message_size);
  }
  std::size_t byte_size() const noexcept { return sizeof(LogEntry) + text.size(); }

  std::string text;  // the logger's name, the message and the fields: one allocation for all
  std::size_t name_size;
  std::size_t message_size;
  std::size_t preview_bytes = 0;  // given: the previews among the fields are to be cut
  Timestamp time;
  Ref<const LogFields> context;
  TraceId trace_id{};
  SpanId span_id{};
  bool has_ids = false;
  bool sampled = false;   // somebody records that trace
  bool exported = false;  // goes to the logger's exporter, if there is one
  LogLevel level;
};

}  // namespace v0
}  // namespace llmtrace
