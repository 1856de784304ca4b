// OTLP in JSON, as the collector receives it.
#include "collector/otlp_json.h"

#include "collector/bad_request.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    llmtrace::collector::decode_otlp_json(fuzz_text(data, size),
                                          llmtrace::collector::Keep::JsonAndIndexed);
  } catch (const llmtrace::collector::BadRequest&) {  // answered with a 400
  }
  return 0;
}
