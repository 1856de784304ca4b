// What an observation's failure is called: OpenTelemetry's error.type, which metrics, spans and
// logs share.
#pragma once

#include <llmtrace/export.h>

#include <string_view>

#include "common/src/record.h"

namespace llmtrace {
inline namespace v0 {

/// "std::runtime_error: no route" is of the type before the colon; a plain sentence has none, and
/// "_OTHER" is what OpenTelemetry calls that. Empty when it did not fail.
LLMTRACE_EXPORT std::string_view error_type_of(const Record& record) noexcept;

/// What stands behind the type; all of it where there is none.
LLMTRACE_EXPORT std::string_view error_message_of(const Record& record) noexcept;

}  // namespace v0
}  // namespace llmtrace
