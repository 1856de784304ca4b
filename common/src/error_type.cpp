#include "common/src/error_type.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::string_view kSeparator = ": ";

// "(anonymous namespace)::Timeout" and "Error<int, long>" are types: their blanks are in brackets.
bool has_free_blank(std::string_view text) noexcept {
  int depth = 0;
  for (const char c : text) {
    if (c == '(' || c == '<') ++depth;
    if (c == ')' || c == '>') --depth;
    if (c == ' ' && depth <= 0) return true;
  }
  return false;
}

std::string_view stated_type(std::string_view text) noexcept {
  const std::size_t end = text.find(kSeparator);
  if (end == std::string_view::npos) return {};
  const std::string_view type = text.substr(0, end);
  return has_free_blank(type) ? std::string_view() : type;
}

}  // namespace

std::string_view error_type_of(const Record& record) noexcept {
  if (record.level != Level::Error) return {};
  const std::string_view type = stated_type(record.status_message);
  return type.empty() ? "_OTHER" : type;
}

std::string_view error_message_of(const Record& record) noexcept {
  const std::string_view text = record.status_message;
  const std::string_view type = stated_type(text);
  return type.empty() ? text : text.substr(type.size() + kSeparator.size());
}

}  // namespace v0
}  // namespace llmtrace
