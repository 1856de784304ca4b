// OpenTelemetry's variables, read as its specification asks: empty is unset, and a value that
// cannot be read is told and then as if it was not set. (The vendors' own variables throw.)
#pragma once

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmtrace {
inline namespace v0 {

class OtelVariables {
 public:
  /// What is told goes to `warnings`.
  explicit OtelVariables(std::vector<std::string>& warnings) : warnings_(warnings) {}

  using Names = std::initializer_list<const char*>;

  // Each gives the first of `names` whose value can be read.
  std::optional<std::string> text(Names names) const;
  /// A whole number of at least `minimum`; what is more than a day counts as a day.
  std::optional<std::chrono::milliseconds> milliseconds(Names names, std::size_t minimum = 0);
  /// The same, where 0 stands for no limit: it counts as a day.
  std::optional<std::chrono::milliseconds> timeout(Names names);
  /// A whole number of at least `minimum`.
  std::optional<std::size_t> count(Names names, std::size_t minimum);
  std::optional<double> ratio(const char* name);
  /// True for "true" in any case only; another value than "true" and "false" is told.
  bool is_true(const char* name);
  /// The index of the value among `choices`, whatever its case.
  std::optional<std::size_t> choice(Names names, std::initializer_list<std::string_view> choices);
  struct Pairs {
    std::string name;  // of the variable that gave them
    std::vector<std::pair<std::string, std::string>> pairs;
    bool has_bad_member = false;  // without a key or an equals sign: it was left out
    bool has_bad_escape = false;  // a % without two hex digits: it stays as it is
  };
  /// "key=value,key2=value2" with values percent-decoded, of the first of `names` that is set.
  Pairs pairs(Names names);

  void warn(std::string message) { warnings_.push_back(std::move(message)); }

 private:
  template <class Read>
  auto first_readable(Names names, Read read);

  std::vector<std::string>& warnings_;
};

}  // namespace v0
}  // namespace llmtrace
