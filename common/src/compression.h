// gzip and zstd at level 1: for telemetry, the only level whose cost stays below that of encoding.
#pragma once

#include <llmtrace/export.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace llmtrace {
inline namespace v0 {

enum class Compression : unsigned char { None, Gzip, Zstd };

/// What stands in the Content-Encoding header; empty for None.
LLMTRACE_EXPORT std::string_view content_encoding(Compression compression) noexcept;

/// `data` as one gzip member. Throws std::bad_alloc when zlib has no memory.
LLMTRACE_EXPORT std::string gzip(std::string_view data);
/// `data` as one zstd frame. Throws std::bad_alloc when zstd has no memory.
LLMTRACE_EXPORT std::string zstd(std::string_view data);
/// The one that `compression` names.
LLMTRACE_EXPORT std::string compress(Compression compression, std::string_view data);

}  // namespace v0
}  // namespace llmtrace
