// A span of any OpenTelemetry program as an observation. Beside the names that the Langfuse server
// reads (see observation_mapper.h) this understands what instrumentations out there write:
// OpenTelemetry's GenAI conventions up to 1.36 and of 1.41, OpenInference and OpenLLMetry, messages
// in attributes, flattened attributes and span events.
#pragma once

#include <cstdint>

#include "collector/observation.h"
#include "collector/observation_mapper.h"
#include "collector/otlp_trace.h"

namespace llmtrace::collector {

/// `received_ms` stands in for times that the span does not give.
Observation map_plain_span(OtlpSpan span, const OtlpScopeSpans& scope,
                           const OtlpAttributes& resource, std::int64_t received_ms,
                           SpanParts parts);

}  // namespace llmtrace::collector
