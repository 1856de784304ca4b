#include "collector/environment_name.h"

#include <algorithm>

namespace llmtrace::collector {

std::string environment_name(std::string_view given) {
  std::string name(given);
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  std::string_view rest = name;
  while (rest.starts_with("langfuse-") || rest.starts_with("langfuse_")) rest.remove_prefix(9);
  rest = rest.substr(0, 40);
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  const bool is_valid = !rest.empty() && rest.find_first_not_of(kAllowed) == std::string_view::npos;
  return is_valid ? std::string(rest) : "default";
}

}  // namespace llmtrace::collector
