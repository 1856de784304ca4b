#include "samples/observability_service/request_id.h"

#include <llmtrace/ids.h>

#include <algorithm>

namespace service {
namespace {

constexpr std::size_t kMostBytes = 128;

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == ':';
}

}  // namespace

std::string request_id_of(const HttpRequest& request) {
  const std::string_view given = request.header("X-Request-Id");
  const bool is_sane = !given.empty() && given.size() <= kMostBytes &&
                       std::all_of(given.begin(), given.end(), is_token_character);
  return is_sane ? std::string(given) : llmtrace::create_trace_id();
}

}  // namespace service
