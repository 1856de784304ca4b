// A program that logs and traces nothing.
#include <llmtrace/log.h>

int main() {
  const llmtrace::Logger logger({.name = "consumer", .file = "/dev/null"});
  const auto context = llmtrace::set_context({{"request_id", "r-1"}});
  logger.info("started", {{"answer", 42}});
  return logger.flush() && logger.dropped() == 0 ? 0 : 1;
}
