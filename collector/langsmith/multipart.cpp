#include "collector/langsmith/multipart.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>

#include "collector/bad_request.h"
#include "common/src/http_text.h"

namespace llmtrace::collector {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kHeaderLimitBytes = std::size_t{16} * 1024;
constexpr std::size_t kBoundaryLimit = 70;  // RFC 2046

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// Takes a token, or a quoted string without its quotes, off the front of `rest`.
std::string take_parameter_value(std::string_view& rest) {
  std::string value;
  if (!rest.starts_with('"')) {
    value = trimmed(rest.substr(0, rest.find(';')));
    rest.remove_prefix(std::min(rest.size(), rest.find(';')));
    return value;
  }
  std::size_t i = 1;
  for (; i < rest.size() && rest[i] != '"'; ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
    value += rest[i];
  }
  rest.remove_prefix(std::min(rest.size(), i + 1));
  return value;
}

// The value of `name` in "text/plain; name=value; other=\"quoted\"".
std::optional<std::string> header_parameter(std::string_view header, std::string_view name) {
  std::string_view rest = header;
  while (true) {
    const std::size_t semicolon = rest.find(';');
    if (semicolon == std::string_view::npos) return std::nullopt;
    rest = trimmed(rest.substr(semicolon + 1));
    const std::size_t equals = rest.find_first_of("=;");
    if (equals == std::string_view::npos) return std::nullopt;
    if (rest[equals] == ';') {
      rest.remove_prefix(equals);
      continue;
    }
    const std::string_view found = trimmed(rest.substr(0, equals));
    rest = trimmed(rest.substr(equals + 1));
    std::string value = take_parameter_value(rest);
    if (same_ignoring_case(found, name)) return value;
  }
}

struct PartHeaders {
  std::optional<std::string_view> disposition{};
  std::optional<std::string_view> content_type{};
  std::optional<std::string_view> content_length{};
  bool has_content_encoding = false;
};

PartHeaders read_headers(std::string_view block) {
  PartHeaders headers;
  while (!block.empty()) {
    const std::size_t end = block.find(kLineEnd);
    const std::string_view line = block.substr(0, end);
    block.remove_prefix(end == std::string_view::npos ? block.size() : end + kLineEnd.size());
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_header_name(line.substr(0, colon)) ||
        !is_header_value(line.substr(colon + 1))) {
      throw UnprocessableEntity("multipart: malformed part header");
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (same_ignoring_case(name, "Content-Disposition")) headers.disposition = value;
    if (same_ignoring_case(name, "Content-Type")) headers.content_type = value;
    if (same_ignoring_case(name, "Content-Length")) headers.content_length = value;
    if (same_ignoring_case(name, "Content-Encoding")) headers.has_content_encoding = true;
  }
  return headers;
}

void check_length(std::string_view declared, const MultipartPart& part) {
  std::size_t length = 0;
  const auto result = std::from_chars(declared.data(), declared.data() + declared.size(), length);
  if (result.ec != std::errc() || result.ptr != declared.data() + declared.size() ||
      length != part.content.size()) {
    throw UnprocessableEntity("part '" + part.name + "' declares a length of '" +
                              std::string(declared.substr(0, 32)) + "' and has " +
                              std::to_string(part.content.size()) + " bytes");
  }
}

MultipartPart make_part(std::string_view header_block, std::string_view content) {
  const PartHeaders headers = read_headers(header_block);
  MultipartPart part{.content = content};
  const auto name = header_parameter(headers.disposition.value_or(""), "name");
  if (!name || !headers.disposition->starts_with("form-data")) {
    throw UnprocessableEntity("a part needs Content-Disposition: form-data with a name");
  }
  part.name = *name;
  if (!headers.content_type) {
    throw UnprocessableEntity("part '" + part.name + "' needs a Content-Type");
  }
  if (headers.has_content_encoding) {
    throw UnprocessableEntity("part '" + part.name +
                              "' has a Content-Encoding: compress the whole body instead");
  }
  part.content_type = trimmed(headers.content_type->substr(0, headers.content_type->find(';')));
  const auto length = header_parameter(*headers.content_type, "length");
  if (!length && !headers.content_length) {
    throw UnprocessableEntity("part '" + part.name +
                              "' needs its length: a Content-Length, or a length parameter in "
                              "Content-Type");
  }
  if (length) check_length(*length, part);
  if (headers.content_length) check_length(*headers.content_length, part);
  return part;
}

[[noreturn]] void throw_cut() { throw UnprocessableEntity("multipart: NextPart: EOF"); }

}  // namespace

std::string multipart_boundary(std::string_view content_type) {
  const std::string_view type = trimmed(content_type.substr(0, content_type.find(';')));
  if (!same_ignoring_case(type, "multipart/form-data")) {
    throw UnprocessableEntity("Content-Type must be multipart/form-data");
  }
  auto boundary = header_parameter(content_type, "boundary");
  if (!boundary || boundary->empty() || boundary->size() > kBoundaryLimit ||
      !is_header_value(*boundary)) {
    throw UnprocessableEntity("multipart: Content-Type needs a boundary of 1 to 70 characters");
  }
  return *boundary;
}

std::vector<MultipartPart> read_multipart(std::string_view body, std::string_view boundary) {
  const std::string delimiter = "\r\n--" + std::string(boundary);
  const std::string_view opening = std::string_view(delimiter).substr(kLineEnd.size());
  if (!body.starts_with(opening)) throw_cut();
  body.remove_prefix(opening.size());

  std::vector<MultipartPart> parts;
  while (!body.starts_with("--")) {
    if (body.size() < kLineEnd.size()) throw_cut();
    if (!body.starts_with(kLineEnd)) {
      throw UnprocessableEntity("multipart: expected CRLF after the boundary");
    }
    body.remove_prefix(kLineEnd.size());
    const std::size_t header_end = body.substr(0, kHeaderLimitBytes).find("\r\n\r\n");
    if (header_end == std::string_view::npos) {
      if (body.size() < kHeaderLimitBytes) throw_cut();
      throw UnprocessableEntity("multipart: a part's headers are larger than 16 KiB");
    }
    const std::string_view headers = body.substr(0, header_end);
    body.remove_prefix(header_end + 2 * kLineEnd.size());
    const std::size_t size = body.find(delimiter);
    if (size == std::string_view::npos) throw_cut();
    parts.push_back(make_part(headers, body.substr(0, size)));
    body.remove_prefix(size + delimiter.size());
  }
  body.remove_prefix(2);
  if (!body.empty() && body != kLineEnd) {
    throw UnprocessableEntity("multipart: data after the closing boundary");
  }
  return parts;
}

}  // namespace llmtrace::collector
