// Parameters are given by name: a lone text could be the name, the input or the model.
// EXPECT: could not convert|cannot convert|no matching function|no viable conversion
#include <llmtrace/observation.h>

void work() {
#ifdef MUST_FAIL
  const llmtrace::Observation observation = llmtrace::start_observation("answer");
#else
  const llmtrace::Observation observation = llmtrace::start_observation({.name = "answer"});
#endif
}
