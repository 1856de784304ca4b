// ApiQuery takes the parameters of a read under /api/; a value that makes no sense is an ApiError
// that names the parameter. An empty value counts as not given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/http_message.h"
#include "collector/row_filter.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {

class ApiQuery {
 public:
  explicit ApiQuery(const HttpRequest& request) : request_(request) {}

  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  /// All values of a parameter that may be repeated.
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  /// RFC 3339 or milliseconds; as Unix microseconds.
  [[nodiscard]] std::optional<std::int64_t> time_us(std::string_view name) const;
  [[nodiscard]] std::optional<double> number(std::string_view name) const;
  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t fallback,
                                     std::int64_t maximum) const;
  [[nodiscard]] std::int64_t limit() const { return integer("limit", 50, 500); }
  /// Which of `known` the parameter is; the first when it is not given.
  [[nodiscard]] std::size_t choice(std::string_view name,
                                   const std::vector<std::string_view>& known) const;
  /// The sort key and the id of the last row of the page before; nothing on page one.
  [[nodiscard]] std::optional<std::vector<RowFilter::Value>> cursor() const;

  /// Adds `column = value` when the parameter is there.
  void equal(RowFilter& filter, std::string_view name, const char* column) const;
  /// Adds `from <= column < to` for those of the two that are there.
  void times(RowFilter& filter, const char* column) const;

 private:
  const HttpRequest& request_;
};

std::string api_cursor(const RowFilter::Value& key, std::string_view id);

}  // namespace llmtrace::collector
