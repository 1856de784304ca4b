// Multipart bodies of runs, as the collector receives them: the framing, the parts and the JSON in
// them. The boundary is the one of the saved bodies.
#include "collector/bad_request.h"
#include "collector/langsmith/multipart.h"
#include "collector/langsmith/run_body.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmtrace::collector;  // NOLINT
  const std::string_view body = fuzz_text(data, size);
  try {
    const auto parts = read_multipart(body, "X");
    for (const MultipartPart& part : parts) {
      require(part.content.data() >= body.data());
      require(part.content.data() + part.content.size() <= body.data() + body.size());
    }
    const RunBatch batch = read_run_parts(parts, {.name_limit = 128});
    require(!batch.operations.empty() || !batch.feedback.empty());
  } catch (const BadRequest&) {           // answered with a 400
  } catch (const UnprocessableEntity&) {  // answered with a 422
  }
  try {
    multipart_boundary(body);
  } catch (const UnprocessableEntity&) {
  }
  return 0;
}
