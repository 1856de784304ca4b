// GET / and GET /assets/{name}: the web page. Answers are what the program holds, packed with gzip
// for clients that take it, and "304 Not Modified" for those that have it.
#pragma once

#include <span>
#include <string_view>

#include "collector/asset.h"
#include "collector/http_message.h"

namespace llmtrace::collector {

class AssetsRoute {
 public:
  /// `assets` outlives the route.
  explicit AssetsRoute(std::span<const Asset> assets) : assets_(assets) {}

  HttpResponse get(const HttpRequest& request, std::string_view name) const;

 private:
  std::span<const Asset> assets_;
};

}  // namespace llmtrace::collector
