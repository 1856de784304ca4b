// A secret has no JSON form.
// EXPECT: deleted|no JSON form
#include <llmtrace/json.h>
#include <llmtrace/secret.h>

llmtrace::Json json(const llmtrace::Secret& secret) {
#ifdef MUST_FAIL
  return secret;
#else
  return secret.masked();
#endif
}
