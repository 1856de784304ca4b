#include "collector/request_guard.h"

#include <array>
#include <string>
#include <string_view>

#include "collector/json_reply.h"
#include "common/src/http_text.h"

namespace llmtrace::collector {
namespace {

constexpr std::array<std::string_view, 3> kLoopbackNames = {"127.0.0.1", "localhost", "[::1]"};

bool is_own_host(std::string_view host, std::uint16_t port) {
  for (const std::string_view name : kLoopbackNames) {
    if (host == std::string(name) + ":" + std::to_string(port)) return true;
    if (port == 80 && host == name) return true;  // clients leave the default port out
  }
  return false;
}

}  // namespace

std::optional<HttpResponse> refuse_foreign_request(const HttpRequest& request, std::uint16_t port) {
  int hosts = 0;
  for (const NameValue& header : request.headers) {
    if (same_ignoring_case(header.first, "Host")) {
      ++hosts;
      if (!is_own_host(header.second, port)) {
        return message_reply(403, "Host must be 127.0.0.1, localhost or [::1] with this port");
      }
    }
    if (same_ignoring_case(header.first, "Origin")) {
      constexpr std::string_view kScheme = "http://";
      const std::string_view origin = header.second;
      if (!origin.starts_with(kScheme) || !is_own_host(origin.substr(kScheme.size()), port)) {
        return message_reply(403, "requests from other web pages are refused (foreign Origin)");
      }
    }
  }
  if (hosts != 1) return message_reply(403, "exactly one Host header is required");
  return std::nullopt;
}

}  // namespace llmtrace::collector
