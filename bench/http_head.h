// The head of an HTTP/1.1 request, as far as the sink needs it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace llmtrace::bench {

struct HttpHead {
  std::string_view method;
  std::string_view path;
  std::string_view content_type;
  std::string_view content_encoding;
  std::size_t content_length = 0;
};

/// `text` is the request line and the header lines, without the empty line at the end. Nothing when
/// it is no request, or its body is not framed by a Content-Length.
std::optional<HttpHead> parse_http_head(std::string_view text);

}  // namespace llmtrace::bench
