// OBSERVE as the only statement of an if would observe nothing.
// EXPECT: llmtrace_scope_
#include <llmtrace/observe.h>

void work(bool wanted) {
#ifdef MUST_FAIL
  if (wanted) OBSERVE(wanted);
#else
  if (wanted) {
    OBSERVE(wanted);
  }
#endif
}
