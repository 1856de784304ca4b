#include "collector/otlp_protobuf.h"

#include <cmath>
#include <cstdint>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <string>
#include <utility>

#include "collector/bad_request.h"
#include "collector/base64.h"
#include "collector/identifier.h"
#include "collector/otlp_json.h"
#include "common/src/json_text.h"
#include "common/src/json_value.h"
#include "common/src/utf8.h"

namespace llmtrace::collector {
namespace {

using protozero::pbf_reader;

// Cases match field number and wire type together: a known field of another wire type is skipped
// like an unknown one, because protozero only asserts that the two agree.
constexpr std::uint32_t bytes_field(protozero::pbf_tag_type number) {
  return protozero::tag_and_type(number, protozero::pbf_wire_type::length_delimited);
}
constexpr std::uint32_t varint_field(protozero::pbf_tag_type number) {
  return protozero::tag_and_type(number, protozero::pbf_wire_type::varint);
}
constexpr std::uint32_t fixed64_field(protozero::pbf_tag_type number) {
  return protozero::tag_and_type(number, protozero::pbf_wire_type::fixed64);
}

// As JSON each level of a value takes up to four, and the reader allows 64.
constexpr int kMaxValueDepth = 12;

std::string_view view_of(pbf_reader& message) {
  const protozero::data_view view = message.get_view();
  return {view.data(), view.size()};
}

std::string text_of(pbf_reader& message) {
  std::string text;
  append_utf8(text, view_of(message));
  return text;
}

std::string number_text(double value) {
  if (std::isnan(value)) return "\"NaN\"";
  if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  std::string text;
  append_json_number(text, value);
  return text;
}

std::string any_value_json(pbf_reader message, int depth);

// An ArrayValue (its elements are AnyValues) or a KeyValueList (pairs of key and AnyValue).
std::string values_json(pbf_reader message, bool has_keys, int depth) {
  std::string text;
  while (message.next()) {
    if (message.tag_and_type() != bytes_field(1)) {
      message.skip();
      continue;
    }
    text += text.empty() ? "{\"values\":[" : ",";
    pbf_reader element = message.get_message();
    if (!has_keys) {
      text += any_value_json(element, depth);
      continue;
    }
    std::string key = "\"\"";
    std::string value = "{}";
    while (element.next()) {
      if (element.tag_and_type() == bytes_field(1)) {
        key.clear();
        append_json_string(key, view_of(element));
      } else if (element.tag_and_type() == bytes_field(2)) {
        value = any_value_json(element.get_message(), depth);
      } else {
        element.skip();
      }
    }
    text += "{\"key\":" + key + ",\"value\":" + value + "}";
  }
  return text.empty() ? "{}" : text + "]}";
}

// The AnyValue as OTLP's JSON has it, so that otlp_value() is the one place that interprets it.
std::string any_value_json(pbf_reader message, int depth) {
  if (depth > kMaxValueDepth) throw BadRequest("an attribute's value is nested too deep");
  std::string text = "{}";
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1):
        text = "{\"stringValue\":";
        append_json_string(text, view_of(message));
        text += '}';
        break;
      case varint_field(2):
        text = message.get_bool() ? "{\"boolValue\":true}" : "{\"boolValue\":false}";
        break;
      case varint_field(3):
        text = "{\"intValue\":" + std::to_string(message.get_int64()) + "}";
        break;
      case fixed64_field(4):
        text = "{\"doubleValue\":" + number_text(message.get_double()) + "}";
        break;
      case bytes_field(5):
        text = "{\"arrayValue\":" + values_json(message.get_message(), false, depth + 1) + "}";
        break;
      case bytes_field(6):
        text = "{\"kvlistValue\":" + values_json(message.get_message(), true, depth + 1) + "}";
        break;
      case bytes_field(7):
        text = "{\"bytesValue\":\"" + encode_base64url(view_of(message)) + "\"}";
        break;
      default:
        message.skip();
    }
  }
  return text;
}

std::optional<OtlpValue> decode_value(pbf_reader message) {
  pbf_reader only_field = message;
  if (only_field.next() && only_field.tag_and_type() == bytes_field(1)) {
    std::string text = text_of(only_field);
    if (!only_field.next()) return OtlpValue{.text = std::move(text)};  // no detour by JSON
  }
  return otlp_value(JsonValue::parse(any_value_json(message, 0)).value_or(JsonValue()));
}

void decode_attribute(pbf_reader message, OtlpAttributes& attributes) {
  std::string key;
  std::optional<OtlpValue> value;
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      key = text_of(message);
    } else if (message.tag_and_type() == bytes_field(2)) {
      value = decode_value(message.get_message());
    } else {
      message.skip();
    }
  }
  if (value) add_attribute(attributes, std::move(key), std::move(*value));
}

void decode_status(pbf_reader message, OtlpSpan& span) {
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(2)) {
      span.status_message = text_of(message);
    } else if (message.tag_and_type() == varint_field(3)) {
      span.status_code = message.get_enum();
    } else {
      message.skip();
    }
  }
}

OtlpSpan decode_span(pbf_reader message) {
  OtlpSpan span;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1):
        span.trace_id = to_hex(view_of(message));
        break;
      case bytes_field(2):
        span.span_id = to_hex(view_of(message));
        break;
      case bytes_field(4):
        span.parent_span_id = to_hex(view_of(message));
        break;
      case bytes_field(5):
        span.name = text_of(message);
        break;
      case fixed64_field(7):
        span.start_ms = nanoseconds_to_ms(message.get_fixed64());
        break;
      case fixed64_field(8):
        span.end_ms = nanoseconds_to_ms(message.get_fixed64());
        break;
      case bytes_field(9):
        decode_attribute(message.get_message(), span.attributes);
        break;
      case bytes_field(15):
        decode_status(message.get_message(), span);
        break;
      default:
        message.skip();
    }
  }
  return span;
}

void decode_scope(pbf_reader message, OtlpScopeSpans& scope_spans) {
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1):
        scope_spans.scope_name = text_of(message);
        break;
      case bytes_field(2):
        scope_spans.scope_version = text_of(message);
        break;
      case bytes_field(3):
        decode_attribute(message.get_message(), scope_spans.scope_attributes);
        break;
      default:
        message.skip();
    }
  }
}

OtlpScopeSpans decode_scope_spans(pbf_reader message) {
  OtlpScopeSpans scope_spans;
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      decode_scope(message.get_message(), scope_spans);
    } else if (message.tag_and_type() == bytes_field(2)) {
      scope_spans.spans.push_back(decode_span(message.get_message()));
    } else {
      message.skip();
    }
  }
  return scope_spans;
}

void decode_resource(pbf_reader message, OtlpAttributes& attributes) {
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      decode_attribute(message.get_message(), attributes);
    } else {
      message.skip();
    }
  }
}

OtlpResourceSpans decode_resource_spans(pbf_reader message) {
  OtlpResourceSpans resource_spans;
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      decode_resource(message.get_message(), resource_spans.resource_attributes);
    } else if (message.tag_and_type() == bytes_field(2)) {
      resource_spans.scope_spans.push_back(decode_scope_spans(message.get_message()));
    } else {
      message.skip();
    }
  }
  return resource_spans;
}

}  // namespace

OtlpTrace decode_otlp_protobuf(std::string_view body) {
  OtlpTrace trace;
  try {
    pbf_reader message(body.data(), body.size());
    while (message.next()) {
      if (message.tag_and_type() == bytes_field(1)) {
        trace.push_back(decode_resource_spans(message.get_message()));
      } else {
        message.skip();
      }
    }
  } catch (const protozero::exception& error) {
    throw BadRequest(std::string("the body is not valid protobuf: ") + error.what());
  }
  return trace;
}

}  // namespace llmtrace::collector
