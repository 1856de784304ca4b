// What the server asks of the program behind it. Both functions are called on the server's threads,
// several at once.
#pragma once

#include <cstddef>
#include <optional>

#include "collector/http_message.h"

namespace llmtrace::collector {

/// The decision taken on a request's headers, before a byte of its body is kept.
struct Admission {
  std::optional<HttpResponse> refusal{};  // the body is not kept; this is the reply
  std::size_t body_limit_bytes = 0;
  HttpResponse too_large{};  // the reply to a body over the limit
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  virtual Admission admit(const HttpRequest& request) = 0;
  /// `request.body` is complete and within the limit. An exception becomes a 500.
  virtual HttpResponse handle(const HttpRequest& request) = 0;
};

}  // namespace llmtrace::collector
