// Turns an OTLP span into an observation by the attribute names that the Langfuse server reads, in
// its order of precedence: its own names first, then OpenInference's and OpenTelemetry's GenAI
// names. Dialects of single frameworks and the content of span events are not read.
#pragma once

#include <cstdint>

#include "collector/observation.h"
#include "collector/otlp_trace.h"

namespace llmtrace::collector {

/// What of a span is wanted. The server keeps attributes that it does not know, but not those of a
/// Langfuse SDK; whoever shows spans as they came wants them all. An index has no use for texts.
enum class SpanParts { All, AllAndUnknown, AllButContent };

/// `received_ms` stands in for times that the span does not give.
Observation map_span(const OtlpSpan& span, const OtlpScopeSpans& scope,
                     const OtlpAttributes& resource, std::int64_t received_ms,
                     SpanParts parts = SpanParts::All);

}  // namespace llmtrace::collector
