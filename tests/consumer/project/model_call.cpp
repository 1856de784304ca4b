// A program that calls a model, which is not there.
#include <llmtrace/openai.h>

int main() {
  const llmtrace::openai::ChatClient model({.base_url = "http://127.0.0.1:1/v1", .max_retries = 0});
  const auto reply = model.complete({.model = "m", .messages = {{"user", "Hello"}}});
  return !reply && reply.error().message.find("connection: ") != std::string::npos ? 0 : 1;
}
