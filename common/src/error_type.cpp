#include "common/src/error_type.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::string_view kSeparator = ": ";

std::string_view stated_type(std::string_view text) noexcept {
  const std::size_t end = text.find(kSeparator);
  if (end == std::string_view::npos) return {};
  const std::string_view type = text.substr(0, end);
  return type.find(' ') == std::string_view::npos ? type : std::string_view();
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
