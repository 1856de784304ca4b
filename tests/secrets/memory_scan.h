// MemoryScan looks for a text in all memory of this process, as a core dump would hold it. What it
// looks for is kept and compared in a disguise, so that it does not find itself.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace llmtrace::tests {

/// A text that is in memory under a disguise only.
class HiddenText {
 public:
  /// Hides `text` and overwrites it.
  explicit HiddenText(std::string text);
  /// Letters and digits that nobody else has.
  static HiddenText random(std::string_view prefix);

  /// The text itself: whoever gets it must overwrite it.
  std::string reveal() const;
  bool equals(const char* bytes) const noexcept;
  std::size_t size() const noexcept { return disguised_.size(); }

 private:
  std::string disguised_;
};

/// The bytes before each place where the text stands, as many as `context`.
std::vector<std::string> find_in_memory(const HiddenText& text, std::size_t context = 16);

}  // namespace llmtrace::tests
