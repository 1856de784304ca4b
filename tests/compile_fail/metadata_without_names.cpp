// Metadata of mixed values without names is neither an object nor an array.
// EXPECT: error
#include <llmtrace/observation.h>

llmtrace::ObservationUpdate update() {
#ifdef MUST_FAIL
  return {.metadata = {1, "x"}};
#else
  return {.metadata = {{"k", 1}, {"l", "x"}}};
#endif
}
