// Two validators that share no code with ours: a recursive-descent one written from RFC 8259, and
// RapidJSON with its encoding validation on.
#pragma once

#include <cstddef>
#include <string_view>

namespace llmtrace_tests {

class StrictJson {
 public:
  /// Whether `text` is exactly one JSON value in well-formed UTF-8.
  static bool accepts(std::string_view text);
  /// How many containers are open at the deepest place.
  static int depth(std::string_view text);

 private:
  explicit StrictJson(std::string_view text) : text_(text) {}

  bool value(int level);
  bool object(int level);
  bool array(int level);
  bool string();
  bool escape();
  bool character();
  bool number();
  bool digits();
  bool word(std::string_view word);
  bool eat(char c);
  void space();

  std::string_view text_;
  std::size_t at_ = 0;
  int deepest_ = 0;
};

bool rapidjson_accepts(std::string_view text);

/// Accepted by both.
inline bool is_strict_json(std::string_view text) {
  return StrictJson::accepts(text) && rapidjson_accepts(text);
}

}  // namespace llmtrace_tests
