// A run's inputs of a type without a JSON form: the error names the remedy.
// EXPECT: this type has no JSON form. Define, in the type's own namespace: void to_json
#include <langsmith/run.h>

namespace app {
struct Session {
  int number = 0;
};
}  // namespace app

langsmith::RunParams params() {
#ifdef MUST_FAIL
  return {.name = "a", .inputs = app::Session()};
#else
  return {.name = "a", .inputs = app::Session().number};
#endif
}
