#include "collector/iso_time.h"

#include <algorithm>
#include <chrono>

#include "common/src/time_text.h"

namespace llmtrace::collector {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::system_clock;

template <class Unit>
std::int64_t since_epoch(system_clock::time_point time) {
  return duration_cast<Unit>(time.time_since_epoch()).count();
}

template <class Unit>
std::string to_text(std::int64_t unix_time) {
  const std::int64_t clamped =
      std::clamp(unix_time, since_epoch<Unit>(system_clock::time_point::min()),
                 since_epoch<Unit>(system_clock::time_point::max()));
  std::string text;
  append_rfc3339(text, system_clock::time_point(Unit(clamped)));
  return text;
}

template <class Unit>
std::optional<std::int64_t> parse(std::string_view text) {
  constexpr std::size_t kDateSize = 10;
  if (text.size() <= kDateSize || text[kDateSize] != 'T') return std::nullopt;
  const auto time = parse_rfc3339(text);
  return time ? std::optional(since_epoch<Unit>(*time)) : std::nullopt;
}

}  // namespace

std::int64_t now_ms() { return since_epoch<milliseconds>(system_clock::now()); }

std::string to_iso_text(std::int64_t unix_ms) {
  std::string text = to_text<milliseconds>(unix_ms);
  text.erase(text.size() - 4, 3);  // microseconds to milliseconds
  return text;
}

std::optional<std::int64_t> parse_iso_ms(std::string_view text) {
  return parse<milliseconds>(text);
}

std::int64_t now_us() { return since_epoch<microseconds>(system_clock::now()); }

std::string to_iso_text_us(std::int64_t unix_us) { return to_text<microseconds>(unix_us); }

std::string to_naive_text_us(std::int64_t unix_us) {
  std::string text = to_iso_text_us(unix_us);
  text.pop_back();
  return text;
}

std::optional<std::int64_t> parse_iso_us(std::string_view text) {
  return parse<microseconds>(text);
}

}  // namespace llmtrace::collector
