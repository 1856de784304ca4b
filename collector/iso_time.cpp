#include "collector/iso_time.h"

#include <algorithm>
#include <chrono>

#include "common/src/time_text.h"

namespace llmtrace::collector {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::system_clock;

std::int64_t to_ms(system_clock::time_point time) {
  return duration_cast<milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

std::int64_t now_ms() { return to_ms(system_clock::now()); }

std::string to_iso_text(std::int64_t unix_ms) {
  const std::int64_t clamped = std::clamp(unix_ms, to_ms(system_clock::time_point::min()),
                                          to_ms(system_clock::time_point::max()));
  std::string text;
  append_rfc3339(text, system_clock::time_point(milliseconds(clamped)));
  text.erase(text.size() - 4, 3);  // microseconds to milliseconds
  return text;
}

std::optional<std::int64_t> parse_iso_ms(std::string_view text) {
  constexpr std::size_t kDateSize = 10;
  if (text.size() <= kDateSize || text[kDateSize] != 'T') return std::nullopt;
  const auto time = parse_rfc3339(text);
  return time ? std::optional(to_ms(*time)) : std::nullopt;
}

}  // namespace llmtrace::collector
