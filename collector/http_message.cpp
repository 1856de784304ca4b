#include "collector/http_message.h"

#include <algorithm>

namespace llmtrace::collector {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool same_text_ignoring_case(std::string_view left, std::string_view right) noexcept {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::optional<std::string_view> HttpRequest::header(std::string_view name) const {
  for (const NameValue& header : headers) {
    if (same_text_ignoring_case(header.first, name)) return header.second;
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
