// A program that sends to both vendors: one OBSERVE reaches both, each vendor's words one.
#include <langfuse/langfuse.h>
#include <langsmith/langsmith.h>
#include <llmtrace/observe.h>

#include <cstdlib>
#include <string>

namespace {

std::string dotted_order;

std::string shout(const std::string& text) {
  OBSERVE_BODY(text) {
    for (const llmtrace::HttpHeader& header : llmtrace::inject()) {
      if (header.name == "langsmith-trace") dotted_order = header.value;
    }
    return text + "!";
  };
}

}  // namespace

int main() {
  // Nothing listens there, and nobody waits for it.
  langfuse::Client langfuse({.public_key = "pk",
                             .secret_key = "sk",
                             .base_url = "http://127.0.0.1:9",
                             .shutdown_timeout = {}});
  langsmith::Client langsmith(
      {.api_key = "lsv2_pt_key", .endpoint = "http://127.0.0.1:9", .shutdown_timeout = {}});
  shout("hello");
  return !dotted_order.empty() && langfuse.stats().submitted == 1 &&
                 langsmith.stats().submitted == 1
             ? EXIT_SUCCESS
             : EXIT_FAILURE;
}
