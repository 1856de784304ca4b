// Keeps other web pages away from a server on loopback. A page that makes its own name resolve to
// 127.0.0.1 (DNS rebinding) is known by its Host header, a page that posts across origins by its
// Origin; both are compared whole, because "localhost.evil.example" starts like localhost does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/http_message.h"

namespace llmtrace::collector {

/// By what names clients may call the server; the loopback names always.
struct HostNames {
  std::uint16_t port = 0;
  std::vector<std::string> names{};
  /// Listening on all addresses: any address, but no name that is not in `names`. A rebinding page
  /// comes under a name.
  bool takes_any_address = false;
};

/// The refusal (403), or nothing when the request is addressed to this server by its own name and
/// comes from no foreign page.
std::optional<HttpResponse> refuse_foreign_request(const HttpRequest& request,
                                                   const HostNames& hosts);

}  // namespace llmtrace::collector
