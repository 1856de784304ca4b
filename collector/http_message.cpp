#include "collector/http_message.h"

#include "common/src/http_text.h"

namespace llmtrace::collector {

std::optional<std::string_view> HttpRequest::header(std::string_view name) const {
  for (const NameValue& header : headers) {
    if (same_ignoring_case(header.first, name)) return header.second;
  }
  return std::nullopt;
}

std::optional<std::string_view> HttpRequest::parameter(std::string_view name) const {
  for (const NameValue& parameter : query) {
    if (parameter.first == name) return parameter.second;
  }
  return std::nullopt;
}

}  // namespace llmtrace::collector
