// The replies that several routes share. Their bodies differ by route as those of the real server
// do:
// {"message"} on most, {"error"} on the OTLP route, plain text where the body never reached a
// parser.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collector/http_message.h"
#include "collector/validation_issue.h"

namespace llmtrace::collector {

HttpResponse json_reply(int status, std::string body);
HttpResponse text_reply(int status, std::string body);
/// {"message": ...}
HttpResponse message_reply(int status, std::string_view message);
/// {"error": ...}
HttpResponse error_reply(int status, std::string_view error);
/// {"message": ..., "error": <error name>}
HttpResponse named_error_reply(int status, std::string_view error, std::string_view message);
/// 400 {"message": "Invalid request data", "error": [issues]}
HttpResponse invalid_data_reply(const std::vector<ValidationIssue>& issues);
HttpResponse invalid_parameter_reply(std::string_view name, std::string_view message);

/// The issues as a JSON array.
std::string to_json_text(const std::vector<ValidationIssue>& issues);

}  // namespace llmtrace::collector
