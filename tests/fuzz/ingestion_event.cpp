// Events of the ingestion route, as the collector receives them.
#include "collector/ingestion_event.h"

#include "common/src/json_value.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto json = llmtrace::JsonValue::parse(fuzz_text(data, size))) {
    llmtrace::collector::read_ingestion_event(*json, 0);
  }
  return 0;
}
