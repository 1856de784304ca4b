#include "collector/route.h"

#include <algorithm>

namespace llmtrace::collector {

bool Route::matches(std::string_view request_path) const {
  std::string_view pattern = path;
  for (;;) {
    const std::string_view wanted = pattern.substr(0, pattern.find('/'));
    const std::string_view given = request_path.substr(0, request_path.find('/'));
    if (wanted == "{}" ? given.empty() : given != wanted) return false;
    const bool is_last = wanted.size() == pattern.size() || given.size() == request_path.size();
    if (is_last) return wanted.size() == pattern.size() && given.size() == request_path.size();
    pattern.remove_prefix(wanted.size() + 1);
    request_path.remove_prefix(given.size() + 1);
  }
}

std::string_view path_segment(std::string_view path, int from_end) {
  for (; from_end > 0 && !path.empty(); --from_end) {
    path = path.substr(0, std::min(path.rfind('/'), path.size()));
  }
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace llmtrace::collector
