// Designators stand in the order of the struct, which is that of the vendors' Python signatures.
// EXPECT: declaration order|out of order|reorder-init-list|ISO C\+\+ requires field designators
#include <llmtrace/observation.h>

void work() {
#ifdef MUST_FAIL
  llmtrace::current_observation().update({.model = "m", .output = "text"});
#else
  llmtrace::current_observation().update({.output = "text", .model = "m"});
#endif
}
