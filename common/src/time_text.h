// Time as text, without the C library's slow and locale-bound formatting.
#pragma once

#include <llmtrace/export.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace llmtrace {
inline namespace v0 {

/// Appends "2026-11-16T08:00:00.000000Z". Times outside the years 1 to 9999 are clamped to them.
LLMTRACE_EXPORT void append_rfc3339(std::string& out, std::chrono::system_clock::time_point time);

/// Reads RFC 3339 text ("...Z" or with an offset, any number of fraction digits, 'T' or a space).
/// Nothing outside the years 1678 to 2261, which is what system_clock can hold.
LLMTRACE_EXPORT std::optional<std::chrono::system_clock::time_point> parse_rfc3339(
    std::string_view text);

/// Reads an HTTP-date in its preferred form, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7).
std::optional<std::chrono::system_clock::time_point> parse_http_date(std::string_view text);

}  // namespace v0
}  // namespace llmtrace
