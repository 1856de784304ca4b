// W3C Baggage: keys and values, decoded. Properties of members say nothing to llmtrace: they are
// not kept.
#pragma once

#include <llmtrace/export.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmtrace {
inline namespace v0 {

class LLMTRACE_EXPORT Baggage {
 public:
  void add(std::string_view key, std::string_view value);
  /// The first value of that key; empty if there is none.
  std::string_view find(std::string_view key) const noexcept;
  const std::vector<std::pair<std::string, std::string>>& items() const noexcept { return items_; }

  /// Adds what is well formed in a header's value; of all headers together, at most 8 KiB and 64
  /// items are read.
  void parse(std::string_view header);
  /// A header's value of at most 8 KiB and 64 members, which everybody must hand on: what does not
  /// fit is left out.
  std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> items_;
  std::size_t parsed_bytes_ = 0;
};

}  // namespace v0
}  // namespace llmtrace
