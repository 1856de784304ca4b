// What the stand-in says and how it counts: the same for the same question, always.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stand_in {

/// One token for every four bytes of a word, and one for its rest.
std::int64_t count_tokens(std::string_view text);

struct AnswerText {
  std::vector<std::string> pieces{};  ///< words; together the whole text
  bool is_whole = true;               ///< false: cut at `max_tokens`

  std::string text() const;
};

/// Says that it is a stand-in, and the question again.
AnswerText answer_to(std::string_view question, std::optional<std::int64_t> max_tokens);

/// A unit vector that depends on the text alone.
std::vector<float> embedding_of(std::string_view text, std::size_t dimensions);

/// FNV-1a, the same on every machine.
std::uint64_t hash_of(std::string_view text);

}  // namespace stand_in
