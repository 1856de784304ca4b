// A raw pointer as a value: what it points at is not known to be alive.
// EXPECT: a raw pointer is not serialized. Pass \*pointer, or a std::optional
#include <llmtrace/observation.h>

llmtrace::ObservationParams params(const int* number) {
#ifdef MUST_FAIL
  return {.name = "a", .input = number};
#else
  return {.name = "a", .input = *number};
#endif
}
