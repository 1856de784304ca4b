#include "bench/http_head.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace llmtrace::bench {
namespace {

// Up to `end`, which is removed with it; all of `text` when there is no `end`.
std::string_view take(std::string_view& text, std::string_view end) {
  const std::size_t length = text.find(end);
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length == std::string_view::npos ? text.size() : length + end.size());
  return taken;
}

bool is(std::string_view name, std::string_view wanted) {
  return name.size() == wanted.size() &&
         strncasecmp(name.data(), wanted.data(), wanted.size()) == 0;
}

bool apply_header(HttpHead& head, std::string_view name, std::string_view value) {
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  if (is(name, "content-type")) head.content_type = value;
  if (is(name, "content-encoding")) head.content_encoding = value;
  if (is(name, "transfer-encoding")) return false;
  if (!is(name, "content-length")) return true;
  const auto [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), head.content_length);
  return error == std::errc() && end == value.data() + value.size();
}

}  // namespace

std::optional<HttpHead> parse_http_head(std::string_view text) {
  HttpHead head;
  std::string_view request_line = take(text, "\r\n");
  head.method = take(request_line, " ");
  head.path = take(request_line, " ");
  if (request_line != "HTTP/1.1") return std::nullopt;
  while (!text.empty()) {
    std::string_view line = take(text, "\r\n");
    const std::string_view name = take(line, ":");
    if (!apply_header(head, name, line)) return std::nullopt;
  }
  return head;
}

}  // namespace llmtrace::bench
