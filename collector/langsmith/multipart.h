// multipart/form-data as POST /runs/multipart takes it: strict CRLF framing, and every part says
// its type and its length. Nothing is copied but the names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llmtrace::collector {

struct MultipartPart {
  std::string name{};
  std::string_view content_type{};  // without parameters
  std::string_view content{};
};

/// The boundary that a Content-Type names. Throws UnprocessableEntity when there is no usable one.
std::string multipart_boundary(std::string_view content_type);

/// The parts of `body`, into which they point. Throws UnprocessableEntity that tells what is wrong.
std::vector<MultipartPart> read_multipart(std::string_view body, std::string_view boundary);

}  // namespace llmtrace::collector
