// The text of a log line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/src/log/log_entry.h"
#include "common/src/masking.h"

namespace llmtrace {
inline namespace v0 {

/// Fields whose values an entry with preview_bytes has in full, so that the mask sees what the cut
/// would hide from it.
inline constexpr std::string_view kPromptPreview = "prompt_preview";
inline constexpr std::string_view kResponsePreview = "response_preview";

/// Appends the line and its newline; `mask` may be null. Returns how often the mask failed.
std::uint64_t append_log_line(std::string& out, const LogEntry& entry, const Mask* mask);

}  // namespace v0
}  // namespace llmtrace
