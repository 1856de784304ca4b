#include "collector/langsmith/replies.h"

#include <llmtrace/json_writer.h>

#include <string>
#include <utility>

namespace llmtrace::collector {

HttpResponse detail_reply(int status, std::string_view detail) {
  std::string body;
  JsonWriter(body).object({{"detail", detail}});
  return json_reply(status, std::move(body));
}

HttpResponse invalid_body_reply(std::string_view message) {
  std::string issue;
  JsonWriter(issue).object({{"msg", message}, {"type", "value_error"}});
  return json_reply(422, R"({"detail":[{"loc":["body"],)" + issue.substr(1) + "]}");
}

}  // namespace llmtrace::collector
