// Keeps other web pages away from a server on loopback. A page that makes its own name resolve to
// 127.0.0.1 (DNS rebinding) is known by its Host header, a page that posts across origins by its
// Origin; both are compared whole, because "localhost.evil.example" starts like localhost does.
#pragma once

#include <cstdint>
#include <optional>

#include "collector/http_message.h"

namespace llmtrace::collector {

/// The refusal (403), or nothing when the request is addressed to this server by its loopback name
/// and comes from no foreign page.
std::optional<HttpResponse> refuse_foreign_request(const HttpRequest& request, std::uint16_t port);

}  // namespace llmtrace::collector
