// SpanStore keeps spans of plain OTLP as the JSON in which they can be sent again, known fields or
// not, and brings the index of traces up to date with them. Any thread may call.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/database.h"
#include "collector/otlp_trace.h"
#include "collector/sqlite_statement.h"
#include "collector/traces/cost_estimator.h"
#include "collector/traces/trace_index.h"

namespace llmtrace::collector {

class SpanStore {
 public:
  SpanStore(Database& database, TraceIndex& index, const CostEstimator& costs);

  struct Stored {
    std::vector<std::string> trace_ids{};
    std::size_t span_count = 0;
    std::size_t refused_count = 0;  // without a valid trace or span id
  };
  /// `trace` was decoded with Keep::JsonAndIndexed. Its valid spans are stored, all of them or
  /// none.
  Stored put(OtlpTrace trace);

 private:
  struct Group;
  Group read(OtlpTrace&& trace) const;
  std::int64_t resource_id(const std::string& json);

  Database& database_;
  TraceIndex& index_;
  const CostEstimator& costs_;
  SqliteStatement insert_span_;
  SqliteStatement insert_resource_;
  SqliteStatement find_resource_;
};

/// A stored span and what it came with.
struct StoredSpan {
  OtlpSpan span{};
  OtlpScopeSpans scope{};  // without spans
  OtlpAttributes resource_attributes{};
  std::string span_json{};
  std::string resource_json{};  // {"resource": {...}, "scope": {...}}
};

/// The span of a node's row. For one connection, inside a read.
std::optional<StoredSpan> read_span(SqliteDatabase& connection, std::int64_t row);

}  // namespace llmtrace::collector
