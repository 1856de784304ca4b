// Which of the server's observation types a span is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collector/span_attributes.h"

namespace llmtrace::collector {

/// "SPAN", "GENERATION", ...: from langfuse.observation.type if it is one of the lower-case names,
/// else from OpenInference, then OpenTelemetry GenAI attributes, then GENERATION if a model is
/// named.
std::string observation_type(SpanAttributes& attributes);

/// The upper-case type of one of the ten exact lower-case names; nothing for other text.
std::optional<std::string> type_from_name(std::string_view lower_case_name);

}  // namespace llmtrace::collector
