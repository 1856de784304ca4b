// The request as a route sees it, and the reply it gives. Plain values, no server type behind them.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmtrace::collector {

class EventStream;

using NameValue = std::pair<std::string, std::string>;

struct HttpRequest {
  std::string method{};
  std::string path{};  // percent-decoded
  std::vector<NameValue> query{};
  std::vector<NameValue> headers{};
  std::string body{};

  /// The first header of that name, whatever its case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  /// The first query parameter of that name.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string body{};
  std::string content_type = "application/json; charset=utf-8";
  std::vector<NameValue> headers{};
  std::shared_ptr<EventStream> stream{};  // if there is one, it is the body
};

}  // namespace llmtrace::collector
