// TraceSummary, NodeSummary and the members that replies share, in the words of docs/collector.md.
#pragma once

#include <llmtrace/json_writer.h>

#include <cstdint>

#include "collector/api/api_fields.h"
#include "collector/traces/node.h"
#include "collector/traces/trace_summary.h"

namespace llmtrace::collector {

/// The members of a TraceSummary.
void add_summary(ApiFields& fields, const TraceSummary& summary, std::int64_t score_count);
/// The summary as an object.
void write_summary(JsonWriter& writer, const TraceSummary& summary, std::int64_t score_count);

/// Where a node stands.
struct NodePlace {
  std::int64_t depth = 0;
  std::int64_t trace_start_us = 0;
  std::int64_t score_count = 0;
};
void add_node(ApiFields& fields, const MergedNode& merged, const NodePlace& place);

/// JSON array of the names of `sources`, a bit for each.
std::string sources_json(std::int64_t sources);

}  // namespace llmtrace::collector
