#include "common/src/error_type.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::string_view kSeparator = ": ";

constexpr std::string_view kAnonymous = "(anonymous namespace)";

// A name as C++ has it: "(anonymous namespace)::Timeout" and "Error<int, long>" are types, whose
// blanks are in brackets that end. All else is somebody's sentence, and no value for a label.
bool is_type(std::string_view text) noexcept {
  int depth = 0;
  while (!text.empty()) {
    const char c = text.front();
    const bool is_anonymous = text.starts_with(kAnonymous);
    text.remove_prefix(is_anonymous ? kAnonymous.size() : 1);
    if (c == '<') ++depth;
    if (c == '>') --depth;
    if (depth < 0 || (c == ' ' && depth == 0)) return false;
  }
  return depth == 0;
}

std::string_view stated_type(std::string_view text) noexcept {
  const std::size_t end = text.find(kSeparator);
  if (end == std::string_view::npos) return {};
  const std::string_view type = text.substr(0, end);
  return is_type(type) ? type : std::string_view();
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
