// ListQuery takes the parameters of LangSmith's lists from the URL: a filter is a parameter that
// may be repeated, pages are limit and offset.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collector/http_message.h"
#include "collector/row_filter.h"
#include "collector/row_sql.h"

namespace llmtrace::collector {

class ListQuery {
 public:
  /// `request` must outlive this. What makes no sense is an UnprocessableEntity.
  explicit ListQuery(const HttpRequest& request) : request_(request) {}

  /// Adds `column IN (...)` when the parameter is there.
  void filter_any_of(RowFilter& filter, std::string_view name, const char* column) const;
  /// The same for UUIDs.
  void filter_uuids(RowFilter& filter, std::string_view name, const char* column) const;
  /// limit from 1 to 100 (100 when not given), offset from 0.
  [[nodiscard]] RowPage page() const;

 private:
  [[nodiscard]] std::vector<std::string> values(std::string_view name) const;
  [[nodiscard]] std::int64_t number(std::string_view name, std::int64_t fallback) const;

  const HttpRequest& request_;
};

}  // namespace llmtrace::collector
