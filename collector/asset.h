// Asset is one file of the web page, packed into the program when it was built; there is no file
// system behind the routes that serve them.
#pragma once

#include <span>
#include <string_view>

namespace llmtrace::collector {

struct Asset {
  std::string_view name{};  // "app.js"
  std::string_view content_type{};
  std::string_view etag{};  // with its quotes
  std::string_view gzip{};
};

/// The files of collector/viewer/dist.
std::span<const Asset> embedded_assets();

}  // namespace llmtrace::collector
