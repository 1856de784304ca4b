// A price table of the user's own: refused or usable, and no cost is negative.
#include <llmtrace/prices.h>

#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto table = llmtrace::PriceTable::with(fuzz_text(data, size));
  if (!table) {
    require(!table.error().message.empty());
    return 0;
  }
  for (const char* model : {"m", "gpt-4o", "a-b"}) {
    const auto cost = table->estimate({.model = model, .provider = "p"},
                                      {{"input", 10}, {"input_cached_tokens", 5}, {"output", 3}});
    if (!cost) continue;
    for (const auto& item : cost->items()) require(item.value >= 0);
  }
  return 0;
}
