#include "tests/langsmith/multipart_reader.h"

#include <algorithm>

namespace langsmith::testing {
namespace {

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Up to the next CRLF; false when there is none.
bool take_line(std::string_view& text, std::string_view& line) {
  const std::size_t end = text.find("\r\n");
  if (end == std::string_view::npos) return false;
  line = text.substr(0, end);
  text.remove_prefix(end + 2);
  return line.find('\n') == std::string_view::npos && line.find('\r') == std::string_view::npos;
}

// What is wrong with the part; empty when it was read.
std::string read_part(std::string_view& body, std::string_view boundary, ReadPart& part) {
  std::string_view line;
  if (!take_line(body, line) || !take(line, "Content-Disposition: form-data; name=\"") ||
      !line.ends_with('"')) {
    return "no Content-Disposition";
  }
  line.remove_suffix(1);
  if (line.find('"') != std::string_view::npos) return "a quote in the name";
  part.name = line;
  if (!take_line(body, line) || !take(line, "Content-Type: ") || line.empty()) {
    return "no Content-Type";
  }
  part.content_type = line;
  if (!take_line(body, line) || !take(line, "Content-Length: ") || line.empty() ||
      line.find_first_not_of("0123456789") != std::string_view::npos) {
    return "no Content-Length";
  }
  const std::size_t length = std::stoul(std::string(line));
  if (!take(body, "\r\n")) return "no empty line after the headers";
  // What a reader that looks for the boundary finds must be as long as the header says.
  const std::size_t found = body.find("\r\n--" + std::string(boundary));
  if (found != length) return "Content-Length is wrong";
  part.data = body.substr(0, length);
  body.remove_prefix(length + 2);
  return {};
}

}  // namespace

ReadMultipart read_multipart(std::string_view content_type, std::string_view body) {
  ReadMultipart result;
  if (!take(content_type, "multipart/form-data; boundary=") || content_type.empty() ||
      content_type.size() > 70) {
    result.problem = "no boundary";
    return result;
  }
  const std::string delimiter = "--" + std::string(content_type);
  for (;;) {
    if (!take(body, delimiter)) {
      result.problem = "no boundary line";
      return result;
    }
    if (take(body, "--")) break;
    if (!take(body, "\r\n")) {
      result.problem = "a boundary line without CRLF";
      return result;
    }
    result.problem = read_part(body, content_type, result.parts.emplace_back());
    if (!result.problem.empty()) return result;
  }
  if (body != "\r\n") result.problem = "bytes after the end";
  return result;
}

}  // namespace langsmith::testing
