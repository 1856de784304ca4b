#include "collector/request_guard.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "collector/json_reply.h"
#include "common/src/http_text.h"

namespace llmtrace::collector {
namespace {

constexpr std::array<std::string_view, 3> kLoopbackNames = {"127.0.0.1", "localhost", "[::1]"};

// "192.168.0.7" or "[fe80::1]".
bool is_address(std::string_view host) {
  std::string text(host);
  in6_addr address{};
  if (host.starts_with('[') && host.ends_with(']')) {
    text = text.substr(1, text.size() - 2);
    return inet_pton(AF_INET6, text.c_str(), &address) == 1;
  }
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool is_own_name(std::string_view name, const HostNames& hosts) {
  return std::find(kLoopbackNames.begin(), kLoopbackNames.end(), name) != kLoopbackNames.end() ||
         std::find(hosts.names.begin(), hosts.names.end(), name) != hosts.names.end() ||
         (hosts.takes_any_address && is_address(name));
}

bool is_own_host(std::string_view host, const HostNames& hosts) {
  const std::string port = ":" + std::to_string(hosts.port);
  if (host.ends_with(port) && is_own_name(host.substr(0, host.size() - port.size()), hosts)) {
    return true;
  }
  return hosts.port == 80 && is_own_name(host, hosts);  // clients leave the default port out
}

}  // namespace

std::optional<HttpResponse> refuse_foreign_request(const HttpRequest& request,
                                                   const HostNames& hosts) {
  int host_headers = 0;
  for (const NameValue& header : request.headers) {
    if (same_ignoring_case(header.first, "Host")) {
      ++host_headers;
      if (!is_own_host(header.second, hosts)) {
        return message_reply(403,
                             "Host must be 127.0.0.1, localhost or [::1] with this port, or a name "
                             "given by --allow-host");
      }
    }
    if (same_ignoring_case(header.first, "Origin")) {
      constexpr std::string_view kScheme = "http://";
      const std::string_view origin = header.second;
      if (!origin.starts_with(kScheme) || !is_own_host(origin.substr(kScheme.size()), hosts)) {
        return message_reply(403, "requests from other web pages are refused (foreign Origin)");
      }
    }
  }
  if (host_headers != 1) return message_reply(403, "exactly one Host header is required");
  return std::nullopt;
}

}  // namespace llmtrace::collector
