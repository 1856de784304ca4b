// What a user's program does with an installed llmtrace: every public header, one traced call, and
// the version of headers and library.
#include <langfuse/langfuse.h>
#include <llmtrace/observe.h>
#include <llmtrace/testing.h>
#include <llmtrace/version.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace {

std::string shout(const std::string& text) {
  OBSERVE_BODY(text) { return text + "!"; };
}

}  // namespace

int main() {
  langfuse::Client client({.public_key = "pk", .secret_key = "sk", .observe = false});
  llmtrace::testing::MemoryDestination memory;
  shout("hello");
  const auto observations = memory.observations();
  const bool recorded = observations.size() == 1 && observations[0].output == "\"hello!\"";
  const bool version = std::strcmp(LLMTRACE_VERSION_STRING, "") != 0;
  return recorded && version && client.enabled() ? EXIT_SUCCESS : EXIT_FAILURE;
}
