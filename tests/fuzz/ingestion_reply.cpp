// Replies of the ingestion route, a verdict per event: whatever the server says, each item gets one
// verdict.
#include "langfuse/src/wire.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::string> ids(3, llmtrace::uuid_text({}));
  llmtrace::HttpReply reply;
  reply.status = 207;
  reply.complete = true;
  reply.body = fuzz_text(data, size);
  const llmtrace::Verdict verdict = langfuse::judge_ingestion(ids, reply, {});
  if (verdict.kind == llmtrace::Verdict::Kind::PerItem) require(verdict.items.size() == ids.size());
  return 0;
}
