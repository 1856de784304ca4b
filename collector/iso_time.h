// Unix times and their texts. Langfuse's API counts milliseconds, LangSmith's microseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace llmtrace::collector {

std::int64_t now_ms();
/// "2026-11-16T08:00:00.000Z"
std::string to_iso_text(std::int64_t unix_ms);
/// Reads ISO 8601 with 'T' and with "Z" or an offset; nothing for anything else.
std::optional<std::int64_t> parse_iso_ms(std::string_view text);

std::int64_t now_us();
/// "2026-11-16T08:00:00.000000Z"
std::string to_iso_text_us(std::int64_t unix_us);
/// The same without the Z, which is how LangSmith writes a run's times.
std::string to_naive_text_us(std::int64_t unix_us);
/// As parse_iso_ms.
std::optional<std::int64_t> parse_iso_us(std::string_view text);

}  // namespace llmtrace::collector
