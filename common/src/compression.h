// gzip at level 1: for telemetry, the only level whose cost stays below that of encoding.
#pragma once

#include <llmtrace/export.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace llmtrace {
inline namespace v0 {

/// `data` as one gzip member. Throws std::bad_alloc when zlib has no memory.
LLMTRACE_EXPORT std::string gzip(std::string_view data);

}  // namespace v0
}  // namespace llmtrace
