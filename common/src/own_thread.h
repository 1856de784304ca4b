// Which threads are llmtrace's own: the flushers' and the loggers'. What is said in a log there, by
// llmtrace or by the user's callbacks, is about delivery or happens during it. It is written, but
// never exported: a line that failed to be delivered would make the next one.
#pragma once

#include <llmtrace/export.h>

namespace llmtrace {
inline namespace v0 {

/// Of the calling thread, for the rest of its life.
LLMTRACE_EXPORT void mark_own_thread() noexcept;
LLMTRACE_EXPORT bool on_own_thread() noexcept;

}  // namespace v0
}  // namespace llmtrace
