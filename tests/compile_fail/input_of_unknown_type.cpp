// An explicit value of a type without a JSON form: the error names the remedy.
// EXPECT: this type has no JSON form. Define, in the type's own namespace: void to_json
#include <llmtrace/observation.h>

namespace app {
struct Session {
  int number = 0;
};
}  // namespace app

llmtrace::ObservationParams params() {
#ifdef MUST_FAIL
  return {.name = "a", .input = app::Session()};
#else
  return {.name = "a", .input = app::Session().number};
#endif
}
