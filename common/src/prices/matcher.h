// Matcher is genai-prices' condition on a name: equals, starts_with, ends_with, contains, regex,
// and any (or) or all (and) of several. Names are compared in lower case.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/json_value.h"

namespace re2 {
class RE2;
}

namespace llmtrace {
inline namespace v0 {

class Matcher {
 public:
  /// Matches nothing when `condition` is none.
  explicit Matcher(const JsonValue& condition);
  Matcher(Matcher&&) noexcept;
  ~Matcher();

  /// `name` in lower case.
  bool matches(std::string_view name) const;

 private:
  enum class Kind : unsigned char {
    Nothing,
    Equals,
    StartsWith,
    EndsWith,
    Contains,
    Regex,
    Any,
    All
  };

  Kind kind_ = Kind::Nothing;
  std::string text_;
  std::unique_ptr<re2::RE2> pattern_;
  std::vector<Matcher> parts_;
};

}  // namespace v0
}  // namespace llmtrace
