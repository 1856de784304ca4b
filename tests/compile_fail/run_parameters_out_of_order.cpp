// Designators stand in the order of the struct, which is that of LangSmith's Python signatures.
// EXPECT: declaration order|out of order|reorder-init-list|ISO C\+\+ requires field designators
#include <langsmith/client.h>

void work(langsmith::Client& client) {
#ifdef MUST_FAIL
  const auto run = client.start_run({.run_type = langsmith::RunType::Tool, .name = "a"});
#else
  const auto run = client.start_run({.name = "a", .run_type = langsmith::RunType::Tool});
#endif
}
