// The smallest useful program: one observed function, one generation, one score.
// Needs LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY and, for your own server, LANGFUSE_BASE_URL.
#include <langfuse/langfuse.h>
#include <llmtrace/observe.h>

#include <string>

std::string complete(const std::string& prompt) {
  OBSERVE_GENERATION(prompt);
  std::string text = "You asked: " + prompt;  // your model's reply
  llmtrace::current_observation().update(
      {.output = text, .model = "my-model", .usage_details = {{"input", 5}, {"output", 7}}});
  return text;
}

std::string answer(const std::string& question) {
  OBSERVE_BODY(question) { return complete(question); };
}

int main() {
  langfuse::Client client;
  const auto root = client.trace({.name = "quickstart", .user_id = "user-1"});
  {
    const auto scope = root.activate();
    answer("What is a span?");
  }
  root.score({.name = "helpful", .value = true});
  root.end();
  return client.enabled() && client.flush() ? 0 : 1;
}
