// What the web page asks of a collector, in a few words.
#pragma once

#include <string>

#include "tests/collector/otlp_bodies.h"
#include "tests/collector/running_collector.h"

namespace llmtrace::collector::testing {

inline constexpr const char* kPlainOtlpPath = "/v1/traces";

/// The reply's body, which must have come with a 200.
JsonValue api(const RunningCollector& server, const std::string& path);

/// Names of the traces of GET /api/traces?..., joined by a comma.
std::string trace_names(const RunningCollector& server, const std::string& query);

/// Stores spans by plain OTLP, as JSON.
void store_spans(const RunningCollector& server, const Export& data);

/// The full node of a span.
JsonValue node_of(const RunningCollector& server, const std::string& id = kSpanId,
                  const std::string& trace_id = kTraceId);

/// Returns when text search has caught up.
void wait_for_text_index(const RunningCollector& server);

}  // namespace llmtrace::collector::testing
