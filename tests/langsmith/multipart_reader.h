// A strict reader of multipart/form-data bodies, as a server has it: CRLF everywhere, each part
// with a Content-Disposition, a Content-Type and a Content-Length that is right. Says what is
// wrong.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace langsmith::testing {

struct ReadPart {
  std::string name;
  std::string content_type;
  std::string data;
};

struct ReadMultipart {
  std::vector<ReadPart> parts;
  std::string problem;  ///< empty: the body is well formed

  const ReadPart* find(std::string_view name) const {
    for (const ReadPart& part : parts) {
      if (part.name == name) return &part;
    }
    return nullptr;
  }
};

ReadMultipart read_multipart(std::string_view content_type, std::string_view body);

}  // namespace langsmith::testing
