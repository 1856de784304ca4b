#include "collector/api/api_error.h"

#include <llmtrace/json_writer.h>

#include "collector/json_reply.h"

namespace llmtrace::collector {

HttpResponse api_error_reply(const ApiError& error) {
  std::string body;
  JsonWriter writer(body);
  writer.begin_object();
  writer.key("error");
  writer.begin_object();
  writer.key("code");
  writer.string(error.code());
  writer.key("message");
  writer.string(error.what());
  writer.key("parameter");
  error.parameter().empty() ? writer.null() : writer.string(error.parameter());
  writer.end_object();
  writer.end_object();
  return json_reply(error.status(), std::move(body));
}

}  // namespace llmtrace::collector
