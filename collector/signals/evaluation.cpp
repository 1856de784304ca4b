#include "collector/signals/evaluation.h"

#include <string>
#include <string_view>

#include "collector/identifier.h"
#include "collector/iso_time.h"
#include "collector/otlp_json.h"
#include "collector/otlp_trace.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

constexpr std::string_view kEvent = "gen_ai.evaluation.result";

std::optional<std::string> text_in(const OtlpAttributes& attributes, std::string_view name) {
  const auto found = attributes.find(name);
  if (found == attributes.end() || found->second.text.empty()) return std::nullopt;
  return found->second.text;
}

// A label beside 0 or 1 that says just that is how a boolean is told.
bool add_value(const OtlpAttributes& attributes, Score& score) {
  const auto number = text_in(attributes, "gen_ai.evaluation.score.value");
  const auto label = text_in(attributes, "gen_ai.evaluation.score.label");
  const auto value = number ? JsonValue::parse(*number) : std::nullopt;
  if (value && value->is_number()) {
    score.number = value->as_double();
    const bool is_boolean =
        (label == "true" && *score.number == 1) || (label == "false" && *score.number == 0);
    score.data_type = is_boolean ? "BOOLEAN" : "NUMERIC";
    return true;
  }
  score.text = label;
  score.data_type = "CATEGORICAL";
  return label.has_value();
}

}  // namespace

std::optional<Score> score_of(const OtlpLogRecord& record) {
  if (record.json.find(kEvent) == std::string::npos) return std::nullopt;
  const auto json = JsonValue::parse(record.json);
  if (!json || (*json)["eventName"].as_string() != kEvent) return std::nullopt;
  const OtlpAttributes attributes = decode_otlp_attributes(*json);
  const auto name = text_in(attributes, "gen_ai.evaluation.name");
  const std::int64_t now = now_ms();
  Score score{.id = text_in(attributes, "llmtrace.score.id").value_or(make_uuid()),
              .trace_id = record.trace_id,
              .observation_id = record.span_id,
              .name = name.value_or(""),
              .source = "EVAL",
              .comment = text_in(attributes, "gen_ai.evaluation.explanation"),
              .environment = "default",
              .timestamp_ms = record.time_us / 1000,
              .created_ms = now,
              .updated_ms = now};
  if (!score.trace_id) score.session_id = text_in(attributes, "session.id");
  if (!score.trace_id && !score.session_id) {
    score.dataset_run_id = text_in(attributes, "llmtrace.dataset_run.id");
  }
  const auto metadata = text_in(attributes, "llmtrace.metadata");
  if (metadata && metadata->starts_with('{') && JsonValue::is_valid(*metadata)) {
    score.metadata = metadata;
  }
  const bool has_target = score.trace_id || score.session_id || score.dataset_run_id;
  if (!name || !has_target || !add_value(attributes, score)) return std::nullopt;
  return score;
}

}  // namespace llmtrace::collector
