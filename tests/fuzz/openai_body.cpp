// Bodies of requests and replies that a program hands over: read whatever they are, and what comes
// out is JSON.
#include <llmtrace/openai/recording.h>

#include "common/src/json_value.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

void require_json(const llmtrace::Json& json) {
  require(json.is_absent() || llmtrace::JsonValue::is_valid(json.to_text(), 128));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = fuzz_text(data + 1, size - 1);
  const llmtrace::ObservationParams params =
      llmtrace::openai::generation_of(text, "https://x.test/");
  require_json(params.input);
  require_json(params.model_parameters);
  require_json(params.metadata);
  const llmtrace::ObservationUpdate update =
      llmtrace::openai::update_of({.reply = text, .http_status = data[0] % 2 == 0 ? 200 : 500});
  require_json(update.output);
  require_json(update.metadata);
  for (const auto& item : update.cost_details.items()) require(item.value >= 0);
  return 0;
}
