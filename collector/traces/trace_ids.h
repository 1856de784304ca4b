// One id for what the vendors write in two ways. A trace of 16 bytes is 32 hexadecimal digits in
// OTLP and at Langfuse, a UUID at LangSmith; a span is the last 8 bytes of a run's UUID. Ids of
// other forms stay as they are.
#pragma once

#include <string>
#include <string_view>

namespace llmtrace::collector {

/// A UUID, or 32 hexadecimal digits in any case, as 32 lower-case digits; any other text as it is.
std::string trace_id_of(std::string_view id);

/// The last 16 digits of a run's UUID; any other text as it is.
std::string node_id_of_run(std::string_view run_id);

/// 32 hexadecimal digits as a UUID; any other text as it is.
std::string uuid_of_trace(std::string_view trace_id);

}  // namespace llmtrace::collector
