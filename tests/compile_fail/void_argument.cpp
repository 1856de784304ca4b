// A call that returns nothing is no argument.
// EXPECT: void|incomplete|invalid
#include <llmtrace/observe.h>

void nothing();
int something();

void work() {
#ifdef MUST_FAIL
  OBSERVE(nothing());
#else
  OBSERVE(something());
#endif
}
