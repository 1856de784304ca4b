#include "samples/observability_service/stand_in/answer_text.h"

#include <algorithm>
#include <cmath>

namespace stand_in {
namespace {

constexpr std::string_view kOpening = "[stand-in model, no real answer] You said: ";
constexpr std::size_t kMostQuestionBytes = 2000;
constexpr std::size_t kBytesPerToken = 4;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// Words with the space behind them.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = begin;
    while (end < text.size() && !is_space(text[end])) ++end;
    while (end < text.size() && is_space(text[end])) ++end;
    words.emplace_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

// At most `size` bytes, on a code point.
std::string_view prefix(std::string_view text, std::size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  return text.substr(0, size);
}

}  // namespace

std::int64_t count_tokens(std::string_view text) {
  std::size_t tokens = 0;
  std::size_t word = 0;
  for (const char c : text) {
    word = is_space(c) ? 0 : word + 1;
    if (word % kBytesPerToken == 1) ++tokens;
  }
  return static_cast<std::int64_t>(tokens);
}

std::string AnswerText::text() const {
  std::string all;
  for (const std::string& piece : pieces) all += piece;
  return all;
}

AnswerText answer_to(std::string_view question, std::optional<std::int64_t> max_tokens) {
  std::string text(kOpening);
  text += prefix(question, kMostQuestionBytes);
  AnswerText answer{.pieces = words_of(text)};
  if (!max_tokens) return answer;
  std::int64_t tokens = 0;
  std::size_t kept = 0;
  while (kept < answer.pieces.size()) {
    tokens += count_tokens(answer.pieces[kept]);
    if (tokens > *max_tokens) break;
    ++kept;
  }
  answer.is_whole = kept == answer.pieces.size();
  answer.pieces.resize(kept);
  return answer;
}

std::vector<float> embedding_of(std::string_view text, std::size_t dimensions) {
  std::vector<float> vector(dimensions);
  std::uint64_t state = hash_of(text);
  double square = 0;
  for (float& number : vector) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    number = static_cast<float>(static_cast<double>(state >> 33U) / 1073741824.0 - 1.0);
    square += static_cast<double>(number) * static_cast<double>(number);
  }
  const auto length = static_cast<float>(std::sqrt(square));
  for (float& number : vector) number /= length > 0 ? length : 1;
  return vector;
}

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

}  // namespace stand_in
