// A scope that ends at once is a mistake.
// EXPECT: nodiscard|ignoring return
#include <llmtrace/context.h>

void work() {
#ifdef MUST_FAIL
  llmtrace::propagate({.user_id = "u"});
#else
  const auto scope = llmtrace::propagate({.user_id = "u"});
#endif
}
