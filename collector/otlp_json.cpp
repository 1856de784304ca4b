#include "collector/otlp_json.h"

#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "collector/bad_request.h"
#include "collector/metadata_text.h"
#include "common/src/json_text.h"

namespace llmtrace::collector {
namespace {

using Kind = OtlpValue::Kind;

// The elements of an array member; none when it is missing.
const std::vector<JsonValue>& elements(const JsonValue& object, std::string_view key) {
  const JsonValue& member = object[key];
  if (!member.is_null() && !member.is_array()) {
    throw BadRequest("'" + std::string(key) + "' must be an array; the entire export was rejected");
  }
  for (const JsonValue& element : member.elements()) {
    if (!element.is_object()) {
      throw BadRequest("'" + std::string(key) +
                       "' must hold objects; the entire export was rejected");
    }
  }
  return member.elements();
}

// A 64-bit integer is a decimal string in OTLP's JSON; a number is accepted too.
std::optional<std::int64_t> nano_member_to_us(const JsonValue& object, std::string_view key) {
  const JsonValue& member = object[key];
  if (member.type() == JsonValue::Type::Double) {
    const double value = member.as_double();
    const bool is_sane = value >= 1 && value < 9.2e18;
    return is_sane ? nanoseconds_to_us(static_cast<std::uint64_t>(value)) : std::nullopt;
  }
  const std::string text = plain_text(member);
  std::uint64_t nanoseconds = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), nanoseconds);
  return result.ec == std::errc() ? nanoseconds_to_us(nanoseconds) : std::nullopt;
}

std::vector<OtlpEvent> decode_events(const JsonValue& span, Keep keep) {
  std::vector<OtlpEvent> events;
  for (const JsonValue& event : elements(span, "events")) {
    events.push_back({.name = event["name"].as_string(),
                      .time_us = nano_member_to_us(event, "timeUnixNano").value_or(0),
                      .attributes = decode_otlp_attributes(event, keep)});
  }
  return events;
}

OtlpScopeSpans decode_scope_spans(const JsonValue& json, Keep keep) {
  OtlpScopeSpans scope_spans{.scope_name = json["scope"]["name"].as_string(),
                             .scope_version = json["scope"]["version"].as_string(),
                             .scope_attributes = decode_otlp_attributes(json["scope"])};
  if (keep == Keep::JsonAndIndexed) scope_spans.scope_json = json["scope"].to_text();
  for (const JsonValue& span : elements(json, "spans")) {
    scope_spans.spans.push_back(decode_otlp_span(span, keep));
    if (keep == Keep::JsonAndIndexed) scope_spans.spans.back().json = span.to_text();
  }
  return scope_spans;
}

void append_value(std::string& text, const std::optional<OtlpValue>& value) {
  if (!value) {
    text += "null";
  } else if (value->kind == Kind::String) {
    append_json_string(text, value->text);
  } else {
    text += value->text;
  }
}

OtlpValue array_value(const JsonValue& values, Keep keep) {
  std::string text = "[";
  for (const JsonValue& element : values.elements()) {
    if (text.size() > 1) text += ',';
    append_value(text, otlp_value(element, keep));
  }
  return {.kind = Kind::Array, .text = text + "]"};
}

OtlpValue object_value(const JsonValue& pairs, Keep keep) {
  std::string text = "{";
  for (const JsonValue& pair : pairs.elements()) {
    if (text.size() > 1) text += ',';
    append_json_string(text, pair["key"].as_string());
    text += ':';
    append_value(text, otlp_value(pair["value"], keep));
  }
  return {.kind = Kind::Object, .text = text + "}"};
}

}  // namespace

std::optional<OtlpValue> otlp_value(const JsonValue& any_value, Keep keep) {
  if (const JsonValue* text = any_value.find("stringValue")) {
    return OtlpValue{.text = text->as_string()};
  }
  if (const JsonValue* boolean = any_value.find("boolValue")) {
    return OtlpValue{.kind = Kind::Boolean, .text = boolean->as_bool() ? "true" : "false"};
  }
  for (const std::string_view key : {"intValue", "doubleValue"}) {
    const JsonValue* number = any_value.find(key);
    if (number == nullptr) continue;
    const std::string text = plain_text(*number);
    const auto parsed = JsonValue::parse(text);  // "NaN" is no number and stays a string
    const bool is_number = parsed && parsed->is_number();
    return OtlpValue{.kind = is_number ? Kind::Number : Kind::String, .text = text};
  }
  if (const JsonValue* values = any_value["arrayValue"].find("values")) {
    return array_value(*values, keep);
  }
  if (keep != Keep::Attributes) {
    if (any_value.find("arrayValue") != nullptr) return array_value({}, keep);
    if (const JsonValue* list = any_value.find("kvlistValue")) {
      return object_value((*list)["values"], keep);
    }
    if (const JsonValue* bytes = any_value.find("bytesValue")) {
      return OtlpValue{.text = bytes->as_string()};
    }
  }
  if (!any_value.is_object() || any_value.members().empty()) return std::nullopt;
  return OtlpValue{.text = any_value.to_text()};
}

OtlpSpan decode_otlp_span(const JsonValue& json, Keep keep) {
  return {.trace_id = json["traceId"].as_string(),
          .span_id = json["spanId"].as_string(),
          .parent_span_id = json["parentSpanId"].as_string(),
          .name = json["name"].as_string(),
          .start_us = nano_member_to_us(json, "startTimeUnixNano"),
          .end_us = nano_member_to_us(json, "endTimeUnixNano"),
          .attributes = decode_otlp_attributes(json, keep),
          .events = decode_events(json, keep),
          .status_code = json["status"]["code"].as_integer(),
          .status_message = json["status"]["message"].as_string()};
}

OtlpAttributes decode_otlp_attributes(const JsonValue& object, Keep keep) {
  OtlpAttributes attributes;
  for (const JsonValue& pair : elements(object, "attributes")) {
    std::string key = pair["key"].as_string();
    if (keep == Keep::JsonAndIndexed && is_content(key)) continue;
    if (auto value = otlp_value(pair["value"], keep)) {
      add_attribute(attributes, std::move(key), std::move(*value));
    }
  }
  return attributes;
}

OtlpTrace decode_otlp_json(std::string_view body, Keep keep) {
  const auto json = JsonValue::parse(body);
  if (!json || !json->is_object()) {
    throw BadRequest("the body is not a JSON object, or is nested too deep");
  }
  OtlpTrace trace;
  for (const JsonValue& resource_spans : elements(*json, "resourceSpans")) {
    OtlpResourceSpans& decoded = trace.emplace_back();
    decoded.resource_attributes = decode_otlp_attributes(resource_spans["resource"]);
    if (keep == Keep::JsonAndIndexed) decoded.resource_json = resource_spans["resource"].to_text();
    for (const JsonValue& scope_spans : elements(resource_spans, "scopeSpans")) {
      decoded.scope_spans.push_back(decode_scope_spans(scope_spans, keep));
    }
  }
  return trace;
}

}  // namespace llmtrace::collector
