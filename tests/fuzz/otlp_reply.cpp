// A collector's reply to an export, with a status chosen by the first byte.
#include <array>

#include "common/src/otlp_exporter/wire.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::array<int, 8> kStatuses = {200, 202, 400, 401, 413, 429, 500, 503};
  if (size < 1) return 0;
  llmtrace::HttpReply reply;
  reply.status = kStatuses[data[0] % kStatuses.size()];
  reply.complete = (data[0] & 0x80U) == 0;
  reply.body = fuzz_text(data + 1, size - 1);
  const llmtrace::Verdict verdict = llmtrace::judge_export({}, reply, {});
  const bool is_delivered = verdict.kind == llmtrace::Verdict::Kind::Delivered;
  require(is_delivered == (reply.status < 300));
  if (is_delivered) require(verdict.message.find('\n') == std::string::npos);
  return 0;
}
