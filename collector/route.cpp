#include "collector/route.h"

#include <algorithm>

namespace llmtrace::collector {
namespace {

std::string_view take_segment(std::string_view& path) {
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size() + (segment.size() < path.size() ? 1 : 0));
  return segment;
}

}  // namespace

bool Route::matches(std::string_view request_path) const {
  std::string_view pattern = path;
  while (!pattern.empty() && !request_path.empty()) {
    const std::string_view wanted = take_segment(pattern);
    const std::string_view given = take_segment(request_path);
    if (wanted == "{}" ? given.empty() : given != wanted) return false;
  }
  return pattern.empty() && request_path.empty();
}

std::string_view path_segment(std::string_view path, int from_end) {
  for (; from_end > 0 && !path.empty(); --from_end) {
    path = path.substr(0, std::min(path.rfind('/'), path.size()));
  }
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace llmtrace::collector
