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

/// Appends the line and its newline; `mask` may be null. Returns how often the mask failed.
std::uint64_t append_log_line(std::string& out, const LogEntry& entry, const Mask* mask);

/// The entry as an exporter gets it.
LogRecord log_record(const LogEntry& entry);

}  // namespace v0
}  // namespace llmtrace
