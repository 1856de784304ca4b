// A secret that a to_json hands to the writer by mistake.
// EXPECT: deleted|no JSON form
#include <llmtrace/json_writer.h>
#include <llmtrace/secret.h>

namespace app {
struct Account {
  llmtrace::Secret key{};
};
void to_json(llmtrace::JsonWriter& writer, const Account& account) {
#ifdef MUST_FAIL
  writer.object({{"key", account.key}});
#else
  writer.object({{"key", account.key.masked()}});
#endif
}
}  // namespace app
