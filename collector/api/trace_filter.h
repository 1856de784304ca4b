// The conditions of a list of traces, from the parameters of the request.
#pragma once

#include "collector/api/api_query.h"
#include "collector/row_filter.h"

namespace llmtrace::collector {

/// On the columns of trace_summaries.
RowFilter trace_filter(const ApiQuery& query);

/// A user's words as an FTS5 query: all of them, "word*" by its beginning; empty when there is no
/// word in `text`.
std::string text_query(std::string_view text);

}  // namespace llmtrace::collector
