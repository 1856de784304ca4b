// A trace as OTLP's JSON. What came as plain OTLP goes out as it came; other nodes become spans
// with the attribute names that every intake of OTLP here reads, so that an import shows the same.
#pragma once

#include <string>
#include <vector>

#include "collector/sqlite_database.h"
#include "collector/traces/node.h"

namespace llmtrace::collector {

/// For one connection, inside a read.
std::string trace_as_otlp(SqliteDatabase& connection, const std::vector<MergedNode>& nodes);

}  // namespace llmtrace::collector
