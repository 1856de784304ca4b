// One OBSERVE per function, as there would be one decorator.
// EXPECT: redeclaration|redefinition
#include <llmtrace/observe.h>

void work(int a, int b) {
  OBSERVE(a);
#ifdef MUST_FAIL
  OBSERVE(b);
#else
  static_cast<void>(b);
#endif
}
