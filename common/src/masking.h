// Masking: user functions over every user text of an item, on a copy, before it is encoded. Fails
// closed.
#pragma once

#include <llmtrace/log_exporter.h>
#include <llmtrace/observation.h>

#include "common/src/record.h"

namespace llmtrace {
inline namespace v0 {

/// Applies `mask` to the item in place; returns how often it threw or returned text that is not
/// JSON, each of which left kMaskFailed.
LLMTRACE_EXPORT std::uint64_t apply_mask(Record& record, const Mask& mask);
LLMTRACE_EXPORT std::uint64_t apply_mask(Score& score, const Mask& mask);

/// Of its message and fields.
LLMTRACE_EXPORT std::uint64_t apply_mask(LogRecord& record, const Mask& mask);

/// What a log line says in the program's words.
struct LogText {
  std::string message;
  Json fields;  // an object, or absent
};
LLMTRACE_EXPORT std::uint64_t apply_mask(LogText& text, const Mask& mask);

}  // namespace v0
}  // namespace llmtrace
