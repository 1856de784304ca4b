// Unix milliseconds and their text, "2026-11-16T08:00:00.000Z", which is how the Langfuse API
// writes every time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace llmtrace::collector {

std::int64_t now_ms();
std::string to_iso_text(std::int64_t unix_ms);
/// Reads ISO 8601 with 'T' and with "Z" or an offset; nothing for anything else.
std::optional<std::int64_t> parse_iso_ms(std::string_view text);

}  // namespace llmtrace::collector
