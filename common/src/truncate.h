// Cutting an item that is larger than its destination takes.
#pragma once

#include <llmtrace/log_exporter.h>

#include <cstddef>

#include "common/src/record.h"

namespace llmtrace {
inline namespace v0 {

/// Replaces the largest of input, output and metadata by {"truncated": its start, "sha256": of the
/// whole, "bytes": its length}, shorter by about `excess` bytes and cut on a code point. False when
/// there is nothing left worth cutting.
bool truncate_largest(Record& record, std::size_t excess);
/// The same for a score's comment and metadata.
bool truncate_largest(Score& score, std::size_t excess);

/// The same for a log line's message and fields.
bool truncate_largest(LogRecord& record, std::size_t excess);

/// How long the value is that these would cut.
std::size_t largest_value_bytes(const Record& record) noexcept;
std::size_t largest_value_bytes(const Score& score) noexcept;
std::size_t largest_value_bytes(const LogRecord& record) noexcept;

}  // namespace v0
}  // namespace llmtrace
