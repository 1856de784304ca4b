#include "collector/otlp_to_json.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>

#include "collector/bad_request.h"
#include "collector/base64.h"
#include "collector/identifier.h"
#include "common/src/json_text.h"

namespace llmtrace::collector {
namespace {

using protozero::pbf_reader;

// As JSON each level of a value takes up to four, and the reader allows 64.
constexpr int kMaxValueDepth = 12;

void append_value(std::string& out, pbf_reader message, int depth);

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    append_json_number(out, value);
  }
}

void append_pair(std::string& out, pbf_reader pair, int depth) {
  const auto [key, value] = read_key_value(pair);
  out += "{\"key\":";
  append_json_string(out, key);
  out += ",\"value\":";
  append_value(out, value, depth);
  out += '}';
}

// An ArrayValue (its elements are AnyValues) or a KeyValueList (pairs of key and AnyValue).
void append_values(std::string& out, pbf_reader message, bool has_keys, int depth) {
  bool is_empty = true;
  while (message.next()) {
    if (message.tag_and_type() != bytes_field(1)) {
      message.skip();
      continue;
    }
    out += std::exchange(is_empty, false) ? "{\"values\":[" : ",";
    (has_keys ? append_pair : append_value)(out, message.get_message(), depth);
  }
  out += is_empty ? "{}" : "]}";
}

// Of several members of its oneof the last one counts.
void append_value(std::string& out, pbf_reader message, int depth) {
  if (depth > kMaxValueDepth) {
    out += "{\"stringValue\":";
    append_json_string(out, JsonWriter::kTooDeepMark);
    out += '}';
    return;
  }
  const std::size_t begin = out.size();
  const auto start = [&](std::string_view text) {
    out.resize(begin);
    out += text;
  };
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1):
        start("{\"stringValue\":");
        append_json_string(out, view_of(message));
        break;
      case varint_field(2):
        start("{\"boolValue\":");
        out += message.get_bool() ? "true" : "false";
        break;
      case varint_field(3):
        start("{\"intValue\":");
        append_json_integer(out, message.get_int64());
        break;
      case fixed64_field(4):
        start("{\"doubleValue\":");
        append_number(out, message.get_double());
        break;
      case bytes_field(5):
        start("{\"arrayValue\":");
        append_values(out, message.get_message(), false, depth + 1);
        break;
      case bytes_field(6):
        start("{\"kvlistValue\":");
        append_values(out, message.get_message(), true, depth + 1);
        break;
      case bytes_field(7):
        start("{\"bytesValue\":");
        out += '"' + encode_base64url(view_of(message)) + '"';
        break;
      default:
        message.skip();
        continue;
    }
    out += '}';
  }
  if (out.size() == begin) out += "{}";
}

// What a field of a message becomes.
enum class Form : unsigned char {
  Text,
  Id,  // hexadecimal
  Integer,
  Fixed32,
  Fixed64,
  Value,     // an AnyValue
  Message,   // of the shape `of`
  Messages,  // one element of an array of such, which is spread over the message
};

struct Field;
using Shape = std::span<const Field>;

struct Field {
  protozero::pbf_tag_type number;
  Form form;
  std::string_view name;
  Shape of{};
};

// Numbers and names are those of opentelemetry-proto 1.10: common.proto, trace.proto, logs.proto,
// resource.proto.
constexpr Field kKeyValue[] = {{1, Form::Text, "key"}, {2, Form::Value, "value"}};
constexpr Field kEvent[] = {{1, Form::Fixed64, "timeUnixNano"},
                            {2, Form::Text, "name"},
                            {3, Form::Messages, "attributes", kKeyValue},
                            {4, Form::Integer, "droppedAttributesCount"}};
constexpr Field kLink[] = {{1, Form::Id, "traceId"},
                           {2, Form::Id, "spanId"},
                           {3, Form::Text, "traceState"},
                           {4, Form::Messages, "attributes", kKeyValue}};
constexpr Field kStatus[] = {{2, Form::Text, "message"}, {3, Form::Integer, "code"}};
constexpr Field kSpan[] = {{1, Form::Id, "traceId"},
                           {2, Form::Id, "spanId"},
                           {3, Form::Text, "traceState"},
                           {4, Form::Id, "parentSpanId"},
                           {5, Form::Text, "name"},
                           {6, Form::Integer, "kind"},
                           {7, Form::Fixed64, "startTimeUnixNano"},
                           {8, Form::Fixed64, "endTimeUnixNano"},
                           {9, Form::Messages, "attributes", kKeyValue},
                           {11, Form::Messages, "events", kEvent},
                           {13, Form::Messages, "links", kLink},
                           {15, Form::Message, "status", kStatus}};
constexpr Field kLogRecord[] = {{1, Form::Fixed64, "timeUnixNano"},
                                {2, Form::Integer, "severityNumber"},
                                {3, Form::Text, "severityText"},
                                {5, Form::Value, "body"},
                                {6, Form::Messages, "attributes", kKeyValue},
                                {8, Form::Fixed32, "flags"},
                                {9, Form::Id, "traceId"},
                                {10, Form::Id, "spanId"},
                                {11, Form::Fixed64, "observedTimeUnixNano"},
                                {12, Form::Text, "eventName"}};
constexpr Field kScope[] = {{1, Form::Text, "name"},
                            {2, Form::Text, "version"},
                            {3, Form::Messages, "attributes", kKeyValue}};
constexpr Field kResource[] = {{1, Form::Messages, "attributes", kKeyValue}};

constexpr std::uint32_t tag_of(const Field& field) {
  switch (field.form) {
    case Form::Integer:
      return varint_field(field.number);
    case Form::Fixed32:
      return fixed32_field(field.number);
    case Form::Fixed64:
      return fixed64_field(field.number);
    default:
      return bytes_field(field.number);
  }
}

void append_message(std::string& out, pbf_reader message, Shape shape);

// All elements of a repeated field; `message` stands at the first, others may follow anywhere.
void append_elements(std::string& out, pbf_reader message, const Field& field) {
  char separator = '[';
  do {
    if (message.tag_and_type() != tag_of(field)) {
      message.skip();
      continue;
    }
    out += separator;
    append_message(out, message.get_message(), field.of);
    separator = ',';
  } while (message.next());
  out += ']';
}

void append_field(std::string& out, pbf_reader& message, const Field& field) {
  switch (field.form) {
    case Form::Text:
      return append_json_string(out, view_of(message));
    case Form::Id:
      return append_json_string(out, to_hex(view_of(message)));
    case Form::Integer:
      return append_json_integer(out, message.get_int64());
    case Form::Fixed32:
      return append_json_integer(out, message.get_fixed32());
    case Form::Fixed64:  // 64 bits are more than a JSON reader's number may have
      return append_json_string(out, std::to_string(message.get_fixed64()));
    case Form::Value:
      return append_value(out, message.get_message(), 0);
    case Form::Message:
      return append_message(out, message.get_message(), field.of);
    case Form::Messages:
      append_elements(out, message, field);
      return message.skip();
  }
}

// A message as a JSON object; what its shape does not know is left out.
void append_message(std::string& out, pbf_reader message, Shape shape) {
  std::uint32_t written = 0;  // bits: the repeated fields that are done, by place in the shape
  char separator = '{';
  while (message.next()) {
    const std::uint32_t tag = message.tag_and_type();
    const auto field = std::find_if(shape.begin(), shape.end(),
                                    [tag](const Field& one) { return tag_of(one) == tag; });
    const std::uint32_t bit = 1U << (field - shape.begin());
    if (field == shape.end() || (written & bit) != 0) {
      message.skip();
      continue;
    }
    if (field->form == Form::Messages) written |= bit;
    out += separator;
    separator = ',';
    append_json_string(out, field->name);
    out += ':';
    append_field(out, message, *field);
  }
  out += separator == '{' ? "{}" : "}";
}

std::string json_of(pbf_reader message, Shape shape) {
  std::string json;
  json.reserve(message.length() + message.length() / 4 + 256);
  append_message(json, message, shape);
  return json;
}

}  // namespace

KeyValueView read_key_value(pbf_reader message) {
  KeyValueView pair;
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      pair.key = view_of(message);
    } else if (message.tag_and_type() == bytes_field(2)) {
      pair.value = message.get_message();
    } else {
      message.skip();
    }
  }
  return pair;
}

std::string any_value_json(pbf_reader message) {
  std::string json;
  append_value(json, message, 0);
  return json;
}

std::string otlp_span_json(pbf_reader message) { return json_of(message, kSpan); }
std::string otlp_log_record_json(pbf_reader message) { return json_of(message, kLogRecord); }
std::string otlp_scope_json(pbf_reader message) { return json_of(message, kScope); }
std::string otlp_resource_json(pbf_reader message) { return json_of(message, kResource); }

}  // namespace llmtrace::collector
