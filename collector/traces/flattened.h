// OpenTelemetry's attributes are flat, so instrumentations write a list of messages as
//   llm.input_messages.0.message.role, llm.input_messages.0.message.content, ...   (OpenInference)
//   gen_ai.prompt.0.role, gen_ai.prompt.0.content, ...                             (OpenLLMetry)
// This puts such a list together again, in the shape of OpenAI's API.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "collector/otlp_trace.h"

namespace llmtrace::collector {

/// The JSON array of the attributes whose names begin with `prefix` ("gen_ai.prompt.") and go on
/// with a number; nothing when there are none.
std::optional<std::string> unflattened(const OtlpAttributes& attributes, std::string_view prefix);

}  // namespace llmtrace::collector
