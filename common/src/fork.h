// What a fork means: the child inherits memory but not the flusher thread. Linux and other POSIX
// systems.
#pragma once

#include <llmtrace/export.h>

namespace llmtrace {
inline namespace v0 {

/// Grows by one in every forked child; one relaxed load.
unsigned current_fork_generation() noexcept;

/// Installs the fork handlers, once per process; later calls do nothing.
LLMTRACE_EXPORT void install_fork_handlers();

}  // namespace v0
}  // namespace llmtrace
