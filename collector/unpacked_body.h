// A request's body as it was before its Content-Encoding.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "collector/http_message.h"

namespace llmtrace::collector {

struct ContentCodings {
  bool gzip = true;
  bool zstd = false;
};

class UnpackedBody {
 public:
  /// `request` must outlive this. Throws BadRequest for an encoding that is not `accepted` or a
  /// body that is not in it, PayloadTooLarge for one that unpacks to more than `limit_bytes`.
  UnpackedBody(const HttpRequest& request, const ContentCodings& accepted, std::size_t limit_bytes);

  [[nodiscard]] std::string_view bytes() const {
    return unpacked_ ? std::string_view(*unpacked_) : request_.body;
  }

 private:
  const HttpRequest& request_;
  std::optional<std::string> unpacked_;
};

}  // namespace llmtrace::collector
