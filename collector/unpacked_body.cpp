#include "collector/unpacked_body.h"

#include "collector/bad_request.h"
#include "collector/unpack.h"
#include "common/src/http_text.h"

namespace llmtrace::collector {

UnpackedBody::UnpackedBody(const HttpRequest& request, const ContentCodings& accepted,
                           std::size_t limit_bytes)
    : request_(request) {
  const std::string_view encoding = request.header("Content-Encoding").value_or("identity");
  if (accepted.gzip && same_ignoring_case(encoding, "gzip")) {
    unpacked_ = gunzip(request.body, limit_bytes);
  } else if (accepted.zstd && same_ignoring_case(encoding, "zstd")) {
    unpacked_ = unzstd(request.body, limit_bytes);
  } else if (!same_ignoring_case(encoding, "identity")) {
    throw BadRequest("unsupported Content-Encoding: use " +
                     std::string(accepted.gzip ? "gzip, " : "") + (accepted.zstd ? "zstd, " : "") +
                     "or none");
  }
}

}  // namespace llmtrace::collector
