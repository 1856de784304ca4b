// QueryReader takes the parameters of a read from the URL; a value that makes no sense is a
// BadRequest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collector/http_message.h"
#include "collector/row_filter.h"

namespace llmtrace::collector {

struct LimitRange {
  std::int64_t fallback = 50;
  std::int64_t maximum = 100;
};

class QueryReader {
 public:
  explicit QueryReader(const HttpRequest& request) : request_(request) {}

  [[nodiscard]] std::int64_t limit(const LimitRange& range) const;
  /// From 1.
  [[nodiscard]] std::int64_t page() const;
  /// The parts of a comma-separated parameter.
  [[nodiscard]] std::vector<std::string> list(std::string_view name) const;
  /// The field groups of `fields`, each of which must be in `known`.
  [[nodiscard]] std::vector<std::string> field_groups(
      const std::vector<std::string_view>& known) const;
  [[nodiscard]] bool has(std::string_view name) const;

  /// Adds `column = value` when the parameter is there.
  void filter_equal(RowFilter& filter, std::string_view name, const char* column) const;
  /// Adds `column IN (...)` for a comma-separated parameter.
  void filter_list(RowFilter& filter, std::string_view name, const char* column) const;
  /// Adds `from <= column < to` for two ISO 8601 parameters.
  void filter_times(RowFilter& filter, std::string_view from, std::string_view to,
                    const char* column) const;
  /// The values of the last row of the page before, as `make_cursor` wrote them; empty on page one.
  [[nodiscard]] std::vector<RowFilter::Value> cursor(std::size_t size) const;

 private:
  [[nodiscard]] std::int64_t positive(std::string_view name, std::int64_t fallback) const;
  [[nodiscard]] std::int64_t time_ms(std::string_view name) const;

  const HttpRequest& request_;
};

/// The values in a text that `make_cursor` wrote. Throws BadRequest when it is none of `size`.
std::vector<RowFilter::Value> read_cursor(std::string_view text, std::size_t size);

/// Sort values of a row (its time first) as an opaque text for the `cursor` parameter.
std::string make_cursor(std::int64_t time_ms, const std::vector<std::string>& ids);

}  // namespace llmtrace::collector
