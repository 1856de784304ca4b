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

#if defined(__SSE2__)

// One bit for each of the sixteen bytes that is special.
unsigned special_bits(__m128i bytes, bool escaped_too) noexcept {
  // Signed comparison: bytes of 0x80 and more count as negative, so "< 0x20" finds them too.
  if (!escaped_too) return static_cast<unsigned>(_mm_movemask_epi8(bytes));
  __m128i special = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
  special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
  special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  return static_cast<unsigned>(_mm_movemask_epi8(special));
}

template <class Word>
Word word_at(const char* data) noexcept {
  Word word;
  std::memcpy(&word, data, sizeof word);
  return word;
}

// Fewer than sixteen bytes, but at least four, by two words that overlap.
std::size_t find_special_in_few(const char* data, std::size_t size, bool escaped_too) noexcept {
  const std::size_t width = size >= 8 ? 8 : 4;
  const char* const last = data + size - width;
  const __m128i bytes =
      width == 8 ? _mm_set_epi64x(word_at<std::int64_t>(last), word_at<std::int64_t>(data))
                 : _mm_set_epi32(0, 0, word_at<std::int32_t>(last), word_at<std::int32_t>(data));
  const unsigned bits = special_bits(bytes, escaped_too) & ((1U << (2 * width)) - 1);
  if (bits == 0) return size;
  const auto found = static_cast<std::size_t>(std::countr_zero(bits));
  return found < width ? found : found + size - 2 * width;
}

#endif

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
  for (; i + 16 <= text.size(); i += 16) {
    const __m128i chunk =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));  // NOLINT
    const unsigned bits = special_bits(chunk, escaped_too);
    if (bits != 0) return i + static_cast<std::size_t>(std::countr_zero(bits));
  }
  // Most keys are shorter than that, and so is the rest of every text.
  const std::size_t left = text.size() - i;
  if (left >= 4) return i + find_special_in_few(text.data() + i, left, escaped_too);
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
