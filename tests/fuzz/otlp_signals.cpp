// OTLP's log records and metrics, in both encodings, as the collector receives them; the first byte
// says which.
#include "collector/bad_request.h"
#include "collector/signals/evaluation.h"
#include "collector/signals/metric_count.h"
#include "collector/signals/otlp_logs.h"
#include "common/src/json_value.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmtrace::collector;  // NOLINT(google-build-using-namespace)
  if (size < 1) return 0;
  const bool is_json = (data[0] & 1U) != 0;
  const std::string_view body = fuzz_text(data + 1, size - 1);
  try {
    if ((data[0] & 2U) != 0) {
      is_json ? count_points_json(body) : count_points_protobuf(body);
      return 0;
    }
    for (const OtlpLogGroup& group :
         is_json ? decode_otlp_logs_json(body) : decode_otlp_logs_protobuf(body)) {
      require(llmtrace::JsonValue::is_valid(group.resource_json, 128));
      for (const OtlpLogRecord& record : group.records) {
        require(llmtrace::JsonValue::is_valid(record.json, 128));  // it is stored and shown
        score_of(record);
      }
    }
  } catch (const BadRequest&) {  // answered with a 400
  }
  return 0;
}
