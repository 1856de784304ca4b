// The body of POST /runs/query.
#pragma once

#include <cstdint>
#include <string_view>

#include "collector/row_filter.h"

namespace llmtrace::collector {

struct RunQuery {
  RowFilter filter{};
  bool is_ascending = false;
  std::int64_t limit = 100;
};

/// Throws UnprocessableEntity or BadRequest.
RunQuery read_run_query(std::string_view json);

}  // namespace llmtrace::collector
