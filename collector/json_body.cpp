#include "collector/json_body.h"

#include "collector/json_reply.h"
#include "common/src/http_text.h"
#include "common/src/json_text.h"

namespace llmtrace::collector {

std::optional<JsonValue> read_json_body(const HttpRequest& request) {
  const std::string_view encoding = request.header("Content-Encoding").value_or("identity");
  if (!same_ignoring_case(encoding, "identity")) return std::nullopt;
  const std::string_view type = request.header("Content-Type").value_or("");
  if (type.find("application/json") == std::string_view::npos) {
    std::string quoted;
    append_json_string(quoted, request.body);
    return JsonValue::parse(quoted);
  }
  return JsonValue::parse(request.body);
}

HttpResponse invalid_json_reply() { return text_reply(400, "Invalid JSON"); }

}  // namespace llmtrace::collector
