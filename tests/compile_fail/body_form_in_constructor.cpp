// The body form returns a value, which a constructor cannot.
// EXPECT: constructor
#include <llmtrace/observe.h>

struct Agent {
  explicit Agent(int size) {
#ifdef MUST_FAIL
    OBSERVE_BODY(size) { static_cast<void>(size); };
#else
    OBSERVE(size);
#endif
  }
};
