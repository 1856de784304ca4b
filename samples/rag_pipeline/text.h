// Plain text, the way a small search engine sees it: clean UTF-8, sentences, content words, tokens.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rag {

/// The text with every invalid UTF-8 byte replaced by U+FFFD and every control character but the
/// line feed by a space, so that it reads back from any server exactly as it was sent.
std::string clean_text(std::string_view text);

/// White space at both ends removed, runs of it inside made one space.
std::string squeeze(std::string_view text);

/// Splits at line feeds and after '.', '!' or '?' followed by white space.
std::vector<std::string> split_sentences(std::string_view text);

/// The words that carry meaning: lower case, without English stop words, plurals made singular. A
/// word is a run of letters, digits and '_'.
std::vector<std::string> content_words(std::string_view text);

/// How count_tokens counts, for people.
inline constexpr std::string_view kTokenRule =
    "one token per run of letters, per run of digits and per other visible character";
/// Counts tokens by kTokenRule: not any vendor's tokenizer, but the same for every text.
std::size_t count_tokens(std::string_view text);

}  // namespace rag
