// UTF-8: how much of a string is well formed, and where it may be cut.
#pragma once

#include <llmtrace/export.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace llmtrace {
inline namespace v0 {

/// U+FFFD as UTF-8: what stands for bytes that are not UTF-8.
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

/// Length of the well-formed sequence at the start of `text` (1 to 4), or 0 if there is none.
LLMTRACE_EXPORT std::size_t utf8_sequence_length(std::string_view text) noexcept;

/// Whether all of `text` is well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF).
LLMTRACE_EXPORT bool is_utf8(std::string_view text) noexcept;

/// Appends `text`, each byte that belongs to no well-formed sequence replaced by U+FFFD.
LLMTRACE_EXPORT void append_utf8(std::string& out, std::string_view text);

/// The longest prefix of `text` of at most `max_bytes` that does not end inside a code point.
LLMTRACE_EXPORT std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) noexcept;

/// The longest prefix of `text` of at most `max_units` UTF-16 units that does not end inside a code
/// point: the length that a program in JavaScript sees. Bytes that are not UTF-8 count as U+FFFD.
LLMTRACE_EXPORT std::string_view utf16_prefix(std::string_view text,
                                              std::size_t max_units) noexcept;

/// Index of the first byte at or after `from` that is not plain ASCII, or that JSON must escape
/// when `escaped_too`; `text.size()` if there is none. `from` is no more than that.
LLMTRACE_EXPORT std::size_t find_special(std::string_view text, std::size_t from,
                                         bool escaped_too) noexcept;

}  // namespace v0
}  // namespace llmtrace
