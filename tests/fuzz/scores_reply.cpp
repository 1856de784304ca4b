// Replies of the scores route in both forms, with a status chosen by the first bytes.
#include <array>

#include "langfuse/src/wire.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::array<int, 8> kStatuses = {200, 202, 207, 400, 404, 405, 410, 500};
  if (size < 1) return 0;
  langfuse::ResolvedConfig config;
  config.base_url = "http://127.0.0.1";
  const auto encoder = langfuse::make_score_encoder(std::make_shared<langfuse::Wire>(config));
  const llmtrace::Attempt attempt{.ids = std::vector<llmtrace::Uuid>(2)};
  llmtrace::HttpReply reply;
  reply.status = kStatuses[data[0] % kStatuses.size()];
  reply.complete = (data[0] & 0x80U) == 0;
  reply.body = fuzz_text(data + 1, size - 1);
  for (int i = 0; i < 3; ++i) {  // the form may change with every reply
    std::string body;
    encoder->assemble({"2026-11-16T08:00:00.000000Z{\"id\":\"x\"}",
                       "2026-11-16T08:00:00.000000Z{\"id\":\"y\",\"name\":\"n\"}"},
                      body);
    require(!body.empty());
    const llmtrace::Verdict verdict = encoder->judge(attempt, reply, {});
    if (verdict.kind == llmtrace::Verdict::Kind::PerItem)
      require(verdict.items.size() == attempt.ids.size());
  }
  return 0;
}
