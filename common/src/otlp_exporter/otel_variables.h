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
  std::optional<std::chrono::milliseconds> milliseconds(Names names);
  /// A whole number of at least `minimum`.
  std::optional<std::size_t> count(Names names, std::size_t minimum);
  std::optional<double> ratio(const char* name);
  /// True for "true" in any case only; another value than "true" and "false" is told.
  bool is_true(const char* name);
  /// The index of the value among `choices`, whatever its case.
  std::optional<std::size_t> choice(Names names, std::initializer_list<std::string_view> choices);
  /// "key=value,key2=value2" with values percent-decoded. The values may be keys of a backend: what
  /// is told names none.
  std::vector<std::pair<std::string, std::string>> pairs(Names names);

  void warn(std::string message) { warnings_.push_back(std::move(message)); }

 private:
  template <class Read>
  auto first_readable(Names names, Read read);

  std::vector<std::string>& warnings_;
};

}  // namespace v0
}  // namespace llmtrace
