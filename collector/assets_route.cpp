#include "collector/assets_route.h"

#include <algorithm>
#include <limits>
#include <string>

#include "collector/json_reply.h"
#include "collector/unpack.h"

namespace llmtrace::collector {
namespace {

bool takes_gzip(const HttpRequest& request) {
  const std::string_view accepted = request.header("Accept-Encoding").value_or("");
  return accepted.find("gzip") != std::string_view::npos;
}

}  // namespace

HttpResponse AssetsRoute::get(const HttpRequest& request, std::string_view name) const {
  const auto asset = std::find_if(assets_.begin(), assets_.end(),
                                  [name](const Asset& one) { return one.name == name; });
  if (asset == assets_.end()) return text_reply(404, "this program has no such page\n");
  // A new program may stand behind the same address, so its browser asks each time.
  HttpResponse response{.content_type = std::string(asset->content_type),
                        .headers = {{"ETag", std::string(asset->etag)},
                                    {"Cache-Control", "no-cache"},
                                    {"Vary", "Accept-Encoding"}}};
  if (request.header("If-None-Match") == asset->etag) {
    response.status = 304;
  } else if (takes_gzip(request)) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = asset->gzip;
  } else {
    response.body = gunzip(asset->gzip, std::numeric_limits<std::size_t>::max());
  }
  return response;
}

}  // namespace llmtrace::collector
