#include "collector/json_reply.h"

#include <llmtrace/json_writer.h>

#include <utility>

namespace llmtrace::collector {

HttpResponse json_reply(int status, std::string body) {
  return {.status = status, .body = std::move(body)};
}

HttpResponse text_reply(int status, std::string body) {
  return {.status = status, .body = std::move(body), .content_type = "text/plain; charset=utf-8"};
}

HttpResponse message_reply(int status, std::string_view message) {
  std::string body;
  JsonWriter(body).object({{"message", message}});
  return json_reply(status, std::move(body));
}

HttpResponse error_reply(int status, std::string_view error) {
  std::string body;
  JsonWriter(body).object({{"error", error}});
  return json_reply(status, std::move(body));
}

HttpResponse named_error_reply(int status, std::string_view error, std::string_view message) {
  std::string body;
  JsonWriter(body).object({{"message", message}, {"error", error}});
  return json_reply(status, std::move(body));
}

HttpResponse invalid_data_reply(const std::vector<ValidationIssue>& issues) {
  return json_reply(400,
                    R"({"message":"Invalid request data","error":)" + to_json_text(issues) + "}");
}

HttpResponse invalid_parameter_reply(std::string_view name, std::string_view message) {
  return invalid_data_reply(
      {{.code = "custom", .path = std::string(name), .message = std::string(message)}});
}

std::string to_json_text(const std::vector<ValidationIssue>& issues) {
  std::string text;
  JsonWriter writer(text);
  writer.begin_array();
  for (const ValidationIssue& issue : issues) {
    writer.begin_object();
    if (!issue.expected.empty()) {
      writer.key("expected");
      writer.string(issue.expected);
    }
    writer.key("code");
    writer.string(issue.code);
    writer.key("path");
    writer.begin_array();
    if (!issue.path.empty()) writer.string(issue.path);
    writer.end_array();
    writer.key("message");
    writer.string(issue.message);
    writer.end_object();
  }
  writer.end_array();
  return text;
}

}  // namespace llmtrace::collector
