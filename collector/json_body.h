// The body of a JSON route as the real server's framework hands it on: JSON when the content type
// says so, a plain string otherwise, and compressed bodies are not understood.
#pragma once

#include <optional>

#include "collector/http_message.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {

/// Nothing when the body is compressed, or is not valid JSON though the content type claims it.
std::optional<JsonValue> read_json_body(const HttpRequest& request);

/// 400 in plain text, which is how the framework answers when the above gives nothing.
HttpResponse invalid_json_reply();

}  // namespace llmtrace::collector
