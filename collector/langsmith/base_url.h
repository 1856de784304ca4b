// LangSmith's paths exist bare and under /api/v1.
#pragma once

#include <string>
#include <string_view>

#include "collector/http_message.h"

namespace llmtrace::collector {

inline constexpr std::string_view kApiPrefix = "/api/v1";

/// What stands before "/runs" in the URL that the client uses. Its Host header was checked.
inline std::string base_url_of(const HttpRequest& request) {
  const bool has_prefix = request.path.starts_with(std::string(kApiPrefix) + "/");
  return "http://" + std::string(request.header("Host").value_or("")) +
         std::string(has_prefix ? kApiPrefix : "");
}

}  // namespace llmtrace::collector
