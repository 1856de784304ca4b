// OTLP in JSON, all the way to what the web page shows: dialects put together, nodes, and words for
// text search.
#include "collector/traces/plain_span.h"

#include "collector/bad_request.h"
#include "collector/otlp_json.h"
#include "collector/traces/cost_estimator.h"
#include "collector/traces/node_mapper.h"
#include "collector/traces/text_index.h"
#include "collector/traces/trace_summary.h"
#include "common/src/json_value.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llmtrace::collector;  // NOLINT(google-build-using-namespace)
  static const CostEstimator& costs = *new CostEstimator("");
  try {
    TraceSummary summary;
    for (const OtlpResourceSpans& resource_spans :
         decode_otlp_json(fuzz_text(data, size), Keep::Attributes)) {
      for (const OtlpScopeSpans& scope_spans : resource_spans.scope_spans) {
        for (const OtlpSpan& span : scope_spans.spans) {
          const Observation row = map_plain_span(
              span, scope_spans, resource_spans.resource_attributes, 0, SpanParts::AllAndUnknown);
          summary.add(node_of(row, Source::Otlp, facts_of(span), costs), 1);
          std::string words;
          append_words(words, span.json);
        }
      }
    }
    summary.finish();
    require(llmtrace::JsonValue::is_valid(summary.types));
    require(llmtrace::JsonValue::is_valid(summary.models));
    require(llmtrace::JsonValue::is_valid(summary.tags));
  } catch (const BadRequest&) {  // answered with a 400
  }
  return 0;
}
