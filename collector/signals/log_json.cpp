#include "collector/signals/log_json.h"

#include <optional>
#include <string>

#include "collector/api/api_fields.h"
#include "collector/otlp_json.h"
#include "collector/span_attributes.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

// A string as itself, any other value as the JSON that the attributes have it in.
std::optional<std::string> body_json(const JsonValue& record) {
  const auto value = otlp_value(record["body"], Keep::AttributesAsJson);
  if (!value) return std::nullopt;
  if (value->kind != OtlpValue::Kind::String) return value->text;
  std::string json;
  JsonWriter(json).string(value->text);
  return json;
}

}  // namespace

void write_log(JsonWriter& writer, const StoredLog& log, std::int64_t trace_start_us) {
  const JsonValue record = JsonValue::parse(log.record_json).value_or(JsonValue());
  const JsonValue around = JsonValue::parse(log.resource_json).value_or(JsonValue());
  const auto text = [](const JsonValue& value) {
    return value.as_string().empty() ? std::nullopt : std::optional(value.as_string());
  };
  ApiFields fields(writer);
  fields.add_time_us("time", log.time_us);
  fields.add("offset_ms", static_cast<double>(log.time_us - trace_start_us) / 1000);
  fields.add("node_id", text(record["spanId"]));
  fields.add("severity_number", record["severityNumber"].as_integer());
  fields.add("severity", text(record["severityText"]));
  fields.add("event_name", text(record["eventName"]));
  fields.add_json("body", body_json(record));
  const auto attributes_of = [](const JsonValue& object) {
    return attributes_json(decode_otlp_attributes(object, Keep::AttributesAsJson));
  };
  fields.add_object("attributes", attributes_of(record));
  fields.add_object("resource", attributes_of(around["resource"]));
  fields.add("scope", text(around["scope"]["name"]));
}

}  // namespace llmtrace::collector
