#include <llmtrace/secret.h>

#include "common/src/credentials.h"

namespace llmtrace {
inline namespace v0 {

Secret::Secret(const char* text) : text_(text == nullptr ? "" : text) {}
Secret::Secret(std::string_view text) : text_(text) {}
Secret::Secret(const std::string& text) : text_(text) {}
Secret::Secret(std::string&& text) noexcept {
  text_.swap(text);
  wipe(text);
}
Secret::Secret(const Secret& other) = default;

// A moved short string leaves its characters behind in the old object: swapped, they are kept in
// one place that is wiped at its end.
Secret::Secret(Secret&& other) noexcept { text_.swap(other.text_); }

Secret& Secret::operator=(Secret other) noexcept {
  text_.swap(other.text_);
  return *this;
}

Secret::~Secret() { wipe(text_); }

std::string Secret::masked() const {
  if (text_.empty()) return {};
  constexpr std::size_t kShownFrom = 12;
  if (text_.size() < kShownFrom) return "[hidden]";
  return "..." + text_.substr(text_.size() - 4);
}

}  // namespace v0
}  // namespace llmtrace
