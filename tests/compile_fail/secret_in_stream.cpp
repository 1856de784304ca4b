// A secret cannot be printed by accident.
// EXPECT: no match for|invalid operands
#include <ostream>

#include <llmtrace/secret.h>

void print(std::ostream& out, const llmtrace::Secret& secret) {
#ifdef MUST_FAIL
  out << secret;
#else
  out << secret.masked();
#endif
}
