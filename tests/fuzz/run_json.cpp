// The JSON of a batch of runs, as the collector receives it, and what it makes of each run that it
// accepts: valid JSON.
#include "collector/langsmith/run_json.h"

#include <llmtrace/json_writer.h>

#include <string>

#include "collector/bad_request.h"
#include "collector/langsmith/json_fields.h"
#include "collector/langsmith/run_body.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmtrace::collector;  // NOLINT
  try {
    const RunBatch batch = read_run_batch(fuzz_text(data, size), {});
    for (const RunOperation& operation : batch.operations) {
      if (operation.operation == Operation::Patch) continue;  // shown with its post alone
      std::string json;
      llmtrace::JsonWriter writer(json);
      write_run(operation.run, {}, writer);
      require(is_json(json));
    }
  } catch (const BadRequest&) {           // answered with a 400
  } catch (const UnprocessableEntity&) {  // answered with a 422
  }
  return 0;
}
