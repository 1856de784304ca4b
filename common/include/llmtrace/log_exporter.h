// LogExporter is where a Logger's lines go besides its file: Logger::export_to. An
// OtlpExporter gives one (OtlpExporter::log_exporter); a program may write its own. Loggers know no
// exporter and exporters no logger: both know this.
#pragma once

#include <llmtrace/clock.h>
#include <llmtrace/export.h>
#include <llmtrace/json.h>
#include <llmtrace/log_sink.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace llmtrace {
inline namespace v0 {

/// Fields of a line whose values stand for a whole text; see LogRecord::preview_bytes.
inline constexpr std::string_view kPromptPreview = "prompt_preview";
inline constexpr std::string_view kResponsePreview = "response_preview";

/// One line of a logger. No mask was applied to it.
struct LogRecord {
  Timestamp time{};
  LogLevel level = LogLevel::Info;
  std::string logger{};
  std::string message{};
  Json fields{};  ///< an object, those of `set_context` among them; or absent
  /// Not 0: the previews among the fields are to be cut to so many bytes, after masking, so that
  /// the cut hides nothing from a mask.
  std::size_t preview_bytes = 0;

  /// Of the observation that was current, if `has_ids`.
  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> span_id{};
  bool has_ids = false;
  bool sampled = false;  ///< somebody records that trace

  /// What it takes in memory, about.
  std::size_t byte_size() const noexcept {
    return sizeof(LogRecord) + logger.size() + message.size() + fields.text().size();
  }
};

class LLMTRACE_EXPORT LogExporter {
 public:
  virtual ~LogExporter() = default;
  /// On the logger's thread, one line after the other. What it cannot take it counts itself.
  virtual void export_record(LogRecord&& record) noexcept = 0;
};

}  // namespace v0
}  // namespace llmtrace
