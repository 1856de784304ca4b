// A run that nothing holds ends at once: a mistake.
// EXPECT: nodiscard|ignoring return
#include <langsmith/client.h>

void work(langsmith::Client& client) {
#ifdef MUST_FAIL
  client.start_run({.name = "a"});
#else
  const auto run = client.start_run({.name = "a"});
#endif
}
