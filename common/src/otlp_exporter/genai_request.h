// What the GenAI conventions say of a request: the parameters of a model's call.
#pragma once

#include <llmtrace/json.h>
#include <llmtrace/otlp_config.h>

#include <string_view>

#include "common/src/otlp/attribute_sink.h"

namespace llmtrace {
inline namespace v0 {

/// The value of valid JSON text as an attribute of its own type: text, truth value, whole number,
/// number, list of texts; anything else as its JSON text. Nothing for null.
void map_json(std::string_view key, std::string_view json_text, AttributeSink& sink);

/// The parameters that the conventions know, by the names that providers have for them, and the
/// others under llmtrace.request.
void map_parameters(const Json& parameters, GenAiConventions version, AttributeSink& sink);

}  // namespace v0
}  // namespace llmtrace
