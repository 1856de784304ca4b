#include "common/src/utf8.h"

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace llmtrace {
inline namespace v0 {
namespace {

bool is_continuation(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

bool is_special(unsigned char byte, bool escaped_too) noexcept {
  return byte >= 0x80 || (escaped_too && (byte < 0x20 || byte == '"' || byte == '\\'));
}

}  // namespace

std::size_t utf8_sequence_length(std::string_view text) noexcept {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const auto second = text.size() > 1 ? static_cast<unsigned char>(text[1]) : 0U;
  if (first >= 0xC2 && first <= 0xDF) return (second & 0xC0U) == 0x80U ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (text.size() < 3 || !is_continuation(text[1]) || !is_continuation(text[2])) return 0;
    if (first == 0xE0 && second < 0xA0) return 0;  // overlong
    if (first == 0xED && second > 0x9F) return 0;  // surrogate
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (text.size() < 4) return 0;
    for (std::size_t i = 1; i < 4; ++i) {
      if (!is_continuation(text[i])) return 0;
    }
    if (first == 0xF0 && second < 0x90) return 0;  // overlong
    if (first == 0xF4 && second > 0x8F) return 0;  // above U+10FFFF
    return 4;
  }
  return 0;
}

// Eight or sixteen bytes at a time: text is mostly ASCII, and this scan is most of the encoder's
// work.
std::size_t find_special(std::string_view text, std::size_t from, bool escaped_too) noexcept {
  std::size_t i = from;
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i space = _mm_set1_epi8(0x20);
  for (; i + 16 <= text.size(); i += 16) {
    const __m128i chunk =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));  // NOLINT
    // Signed comparison: bytes of 0x80 and more count as negative, so "< 0x20" finds them too.
    __m128i special = _mm_cmplt_epi8(chunk, escaped_too ? space : _mm_setzero_si128());
    if (escaped_too) {
      special = _mm_or_si128(special, _mm_cmpeq_epi8(chunk, quote));
      special = _mm_or_si128(special, _mm_cmpeq_epi8(chunk, backslash));
    }
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(special));
    if (mask != 0) return i + static_cast<std::size_t>(std::countr_zero(mask));
  }
#else
  constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;
  while (!escaped_too && i + 8 <= text.size()) {
    std::uint64_t chunk = 0;
    std::memcpy(&chunk, text.data() + i, sizeof chunk);
    if ((chunk & kHighBits) != 0) break;
    i += 8;
  }
#endif
  while (i < text.size() && !is_special(static_cast<unsigned char>(text[i]), escaped_too)) ++i;
  return i;
}

bool is_utf8(std::string_view text) noexcept {
  std::size_t i = find_special(text, 0, false);
  while (i < text.size()) {
    const std::size_t length = utf8_sequence_length(text.substr(i));
    if (length == 0) return false;
    i = length == 1 ? find_special(text, i, false) : i + length;
  }
  return true;
}

void append_utf8(std::string& out, std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t special = find_special(text, i, false);
    out.append(text, i, special - i);
    i = special;
    if (i == text.size()) break;
    const std::size_t length = utf8_sequence_length(text.substr(i));
    if (length == 0) {
      out.append(kReplacementCharacter);
      ++i;
    } else {
      out.append(text, i, length);
      i += length;
    }
  }
}

std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) noexcept {
  if (text.size() <= max_bytes) return text;
  std::size_t end = max_bytes;
  while (end > 0 && max_bytes - end < 4 && is_continuation(text[end])) --end;
  return text.substr(0, end);
}

std::string_view utf16_prefix(std::string_view text, std::size_t max_units) noexcept {
  constexpr std::size_t kSurrogatePairBytes = 4;
  std::size_t end = 0;
  std::size_t units = 0;
  while (end < text.size()) {
    const std::size_t length = utf8_sequence_length(text.substr(end));
    units += length == kSurrogatePairBytes ? 2 : 1;
    if (units > max_units) break;
    end += length == 0 ? 1 : length;
  }
  return text.substr(0, end);
}

}  // namespace v0
}  // namespace llmtrace
