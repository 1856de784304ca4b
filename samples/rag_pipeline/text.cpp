#include "samples/rag_pipeline/text.h"

#include <algorithm>
#include <array>

namespace rag {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
// Bytes of a multi-byte character count as letters: most of them are.
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '_'; }

// How many bytes the valid character at the start of `text` has; 0 when there is none.
std::size_t character_length(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned second = byte(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second >= 0xA0;
  const bool too_large = first == 0xF4 && second >= 0x90;
  return overlong || surrogate || too_large ? 0 : length;
}

bool is_stop_word(const std::string& word) {
  static constexpr std::array<std::string_view, 66> kStopWords{
      "a",     "about", "all",  "also",    "an",   "and",  "any",   "are",   "as",   "at",
      "be",    "but",   "by",   "can",     "do",   "does", "for",   "from",  "has",  "have",
      "how",   "i",     "if",   "in",      "into", "is",   "it",    "its",   "may",  "more",
      "no",    "not",   "of",   "on",      "one",  "only", "or",    "s",     "so",   "such",
      "than",  "that",  "the",  "their",   "them", "then", "there", "these", "they", "this",
      "those", "to",    "was",  "we",      "what", "when", "where", "which", "who",  "whose",
      "why",   "will",  "with", "without", "you",  "your"};
  static_assert(std::is_sorted(kStopWords.begin(), kStopWords.end()));
  return std::binary_search(kStopWords.begin(), kStopWords.end(), std::string_view(word));
}

// Harman's S-stemmer: plurals become singular, nothing else changes.
void make_singular(std::string& word) {
  const std::string_view view(word);
  if (word.size() < 4 || !view.ends_with('s')) return;
  if (view.ends_with("ies") && !view.ends_with("eies") && !view.ends_with("aies")) {
    word.replace(word.size() - 3, 3, "y");
  } else if (!view.ends_with("us") && !view.ends_with("ss")) {
    word.pop_back();
  }
}

}  // namespace

std::string clean_text(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    if (length == 0) {
      clean += "\xEF\xBF\xBD";
    } else if (length == 1 && (first < 0x20 || first == 0x7F) && first != '\n') {
      clean += ' ';
    } else {
      clean += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

std::string squeeze(std::string_view text) {
  std::string squeezed;
  for (const char c : text) {
    if (!is_space(c)) {
      squeezed += c;
    } else if (!squeezed.empty() && squeezed.back() != ' ') {
      squeezed += ' ';
    }
  }
  if (squeezed.ends_with(' ')) squeezed.pop_back();
  return squeezed;
}

std::vector<std::string> split_sentences(std::string_view text) {
  std::vector<std::string> sentences;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool at_end = i == text.size() || text[i] == '\n';
    const bool after_mark = !at_end && is_space(text[i]) && i > begin &&
                            std::string_view(".!?").find(text[i - 1]) != std::string_view::npos;
    if (!at_end && !after_mark) continue;
    std::string sentence = squeeze(text.substr(begin, i - begin));
    if (!sentence.empty()) sentences.push_back(std::move(sentence));
    begin = i + 1;
  }
  return sentences;
}

std::vector<std::string> content_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto finish_word = [&words, &word] {
    if (!word.empty() && !is_stop_word(word)) {
      make_singular(word);
      words.push_back(word);
    }
    word.clear();
  };
  for (const char c : text) {
    if (is_word(c)) {
      word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    } else {
      finish_word();
    }
  }
  finish_word();
  return words;
}

std::size_t count_tokens(std::string_view text) {
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char previous = i == 0 ? ' ' : text[i - 1];
    const bool goes_on =
        (is_letter(text[i]) && is_letter(previous)) || (is_digit(text[i]) && is_digit(previous));
    if (!is_space(text[i]) && !goes_on) ++tokens;
  }
  return tokens;
}

}  // namespace rag
