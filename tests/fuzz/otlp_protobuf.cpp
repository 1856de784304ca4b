// OTLP in protobuf, as the collector receives it.
#include "collector/otlp_protobuf.h"

#include "collector/bad_request.h"
#include "common/src/json_value.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    using llmtrace::collector::Keep;
    for (const auto& resource_spans :
         llmtrace::collector::decode_otlp_protobuf(fuzz_text(data, size), Keep::JsonAndIndexed)) {
      for (const auto& scope_spans : resource_spans.scope_spans) {
        for (const auto& span : scope_spans.spans) {
          require(llmtrace::JsonValue::is_valid(span.json, 128));  // it is stored and exported
        }
      }
    }
  } catch (const llmtrace::collector::BadRequest&) {  // answered with a 400
  }
  return 0;
}
