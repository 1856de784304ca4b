// Route is one entry of the collector's table: who may ask for what, and who answers.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "collector/http_message.h"

namespace llmtrace::collector {

/// The refusal of a request that has no right to come in.
using Guard = std::function<std::optional<HttpResponse>(const HttpRequest&)>;

struct Route {
  std::string_view method{};
  std::string path{};  // a segment "{}" stands for any one segment
  Guard guard{};       // none = open to all
  std::size_t body_limit_bytes = 0;
  HttpResponse (*too_large)() = nullptr;  // the reply to a longer body
  std::function<HttpResponse(const HttpRequest&)> answer{};

  [[nodiscard]] bool matches(std::string_view request_path) const;
};

/// A segment of the path, counted from its end: 0 is the last one.
std::string_view path_segment(std::string_view path, int from_end = 0);

}  // namespace llmtrace::collector
