#include "collector/otlp_to_json.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "collector/bad_request.h"
#include "collector/base64.h"
#include "collector/identifier.h"
#include "common/src/json_text.h"

namespace llmtrace::collector {
namespace {

using protozero::pbf_reader;

// As JSON each level of a value takes up to four, and the reader allows 64.
constexpr int kMaxValueDepth = 12;

std::string number_text(double value) {
  if (std::isnan(value)) return "\"NaN\"";
  if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  std::string text;
  append_json_number(text, value);
  return text;
}

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

// Members of one JSON object, in the order in which they come.
class JsonMembers {
 public:
  void text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(text_, value);
  }
  void number(std::string_view name, std::int64_t value) {
    key(name);
    append_json_integer(text_, value);
  }
  // 64 bits are more than a JSON reader's number may have.
  void large_number(std::string_view name, std::uint64_t value) {
    text(name, std::to_string(value));
  }
  void raw(std::string_view name, std::string_view json) {
    key(name);
    text_.append(json);
  }
  std::string end() { return text_ + '}'; }

 private:
  void key(std::string_view name) {
    if (text_.size() > 1) text_ += ',';
    append_json_string(text_, name);
    text_ += ':';
  }
  std::string text_ = "{";
};

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

// A message as a JSON object; what its shape does not know is left out.
class MessageJson {
 public:
  explicit MessageJson(Shape shape) : shape_(shape) {}

  std::string read(pbf_reader message) {
    while (message.next()) {
      const std::uint32_t tag = message.tag_and_type();
      const auto field = std::find_if(shape_.begin(), shape_.end(),
                                      [tag](const Field& one) { return tag_of(one) == tag; });
      if (field == shape_.end()) {
        message.skip();
      } else {
        add(*field, message);
      }
    }
    for (const auto& [field, elements] : arrays_) members_.raw(field->name, elements + ']');
    return members_.end();
  }

 private:
  void add(const Field& field, pbf_reader& message) {
    switch (field.form) {
      case Form::Text:
        return members_.text(field.name, view_of(message));
      case Form::Id:
        return members_.text(field.name, to_hex(view_of(message)));
      case Form::Integer:
        return members_.number(field.name, message.get_int64());
      case Form::Fixed32:
        return members_.number(field.name, message.get_fixed32());
      case Form::Fixed64:
        return members_.large_number(field.name, message.get_fixed64());
      case Form::Value:
        return members_.raw(field.name, any_value_json(message.get_message()));
      case Form::Message:
        return members_.raw(field.name, MessageJson(field.of).read(message.get_message()));
      case Form::Messages:
        return add_element(field, MessageJson(field.of).read(message.get_message()));
    }
  }

  void add_element(const Field& field, const std::string& json) {
    auto array = std::find_if(arrays_.begin(), arrays_.end(),
                              [&](const auto& one) { return one.first == &field; });
    if (array == arrays_.end()) array = arrays_.emplace(array, &field, std::string());
    array->second += array->second.empty() ? '[' : ',';
    array->second += json;
  }

  const Shape shape_;
  JsonMembers members_;
  std::vector<std::pair<const Field*, std::string>> arrays_;
};

}  // namespace

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

std::string otlp_span_json(pbf_reader message) { return MessageJson(kSpan).read(message); }
std::string otlp_log_record_json(pbf_reader message) {
  return MessageJson(kLogRecord).read(message);
}
std::string otlp_scope_json(pbf_reader message) { return MessageJson(kScope).read(message); }
std::string otlp_resource_json(pbf_reader message) { return MessageJson(kResource).read(message); }

}  // namespace llmtrace::collector
