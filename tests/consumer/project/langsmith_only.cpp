// A program that takes llmtrace::langsmith alone: a run of its own words, and OBSERVE.
#include <langsmith/langsmith.h>
#include <llmtrace/observe.h>
#include <llmtrace/testing.h>

#include <cstdlib>
#include <string>

namespace {

std::string shout(const std::string& text) {
  OBSERVE_BODY(text) { return text + "!"; };
}

}  // namespace

int main() {
  langsmith::Client client({.api_key = "lsv2_pt_key",
                            .observe = false,
                            .anonymizer = langsmith::create_secret_anonymizer(),
                            .shutdown_timeout = {}});
  llmtrace::testing::MemoryDestination memory;
  shout("hello");
  const auto observations = memory.observations();
  const bool recorded = observations.size() == 1 && observations[0].output == "\"hello!\"";
  return recorded && client.enabled() ? EXIT_SUCCESS : EXIT_FAILURE;
}
