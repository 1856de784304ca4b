#include "collector/otlp_to_json.h"

#include <cmath>
#include <cstdint>
#include <initializer_list>

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

// Elements of one JSON array that are spread over a message.
void add_element(std::string& array, std::string_view json) {
  array += array.empty() ? '[' : ',';
  array.append(json);
}

void add_array(JsonMembers& members, std::string_view name, const std::string& array) {
  if (!array.empty()) members.raw(name, array + ']');
}

std::string key_value_json(pbf_reader message) {
  JsonMembers members;
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      members.text("key", view_of(message));
    } else if (message.tag_and_type() == bytes_field(2)) {
      members.raw("value", any_value_json(message.get_message()));
    } else {
      message.skip();
    }
  }
  return members.end();
}

std::string event_json(pbf_reader message) {
  JsonMembers members;
  std::string attributes;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case fixed64_field(1):
        members.large_number("timeUnixNano", message.get_fixed64());
        break;
      case bytes_field(2):
        members.text("name", view_of(message));
        break;
      case bytes_field(3):
        add_element(attributes, key_value_json(message.get_message()));
        break;
      case varint_field(4):
        members.number("droppedAttributesCount", message.get_uint32());
        break;
      default:
        message.skip();
    }
  }
  add_array(members, "attributes", attributes);
  return members.end();
}

std::string link_json(pbf_reader message) {
  JsonMembers members;
  std::string attributes;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1):
        members.text("traceId", to_hex(view_of(message)));
        break;
      case bytes_field(2):
        members.text("spanId", to_hex(view_of(message)));
        break;
      case bytes_field(3):
        members.text("traceState", view_of(message));
        break;
      case bytes_field(4):
        add_element(attributes, key_value_json(message.get_message()));
        break;
      default:
        message.skip();
    }
  }
  add_array(members, "attributes", attributes);
  return members.end();
}

std::string status_json(pbf_reader message) {
  JsonMembers members;
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(2)) {
      members.text("message", view_of(message));
    } else if (message.tag_and_type() == varint_field(3)) {
      members.number("code", message.get_enum());
    } else {
      message.skip();
    }
  }
  return members.end();
}

// The fields of a span that are no lists.
bool add_span_field(JsonMembers& members, pbf_reader& message) {
  switch (message.tag_and_type()) {
    case bytes_field(1):
      members.text("traceId", to_hex(view_of(message)));
      return true;
    case bytes_field(2):
      members.text("spanId", to_hex(view_of(message)));
      return true;
    case bytes_field(3):
      members.text("traceState", view_of(message));
      return true;
    case bytes_field(4):
      members.text("parentSpanId", to_hex(view_of(message)));
      return true;
    case bytes_field(5):
      members.text("name", view_of(message));
      return true;
    case varint_field(6):
      members.number("kind", message.get_enum());
      return true;
    case fixed64_field(7):
      members.large_number("startTimeUnixNano", message.get_fixed64());
      return true;
    case fixed64_field(8):
      members.large_number("endTimeUnixNano", message.get_fixed64());
      return true;
    case bytes_field(15):
      members.raw("status", status_json(message.get_message()));
      return true;
    default:
      return false;
  }
}

// The fields of a log record that are no lists.
bool add_log_field(JsonMembers& members, pbf_reader& message) {
  switch (message.tag_and_type()) {
    case fixed64_field(1):
      members.large_number("timeUnixNano", message.get_fixed64());
      return true;
    case varint_field(2):
      members.number("severityNumber", message.get_enum());
      return true;
    case bytes_field(3):
      members.text("severityText", view_of(message));
      return true;
    case bytes_field(5):
      members.raw("body", any_value_json(message.get_message()));
      return true;
    case fixed32_field(8):
      members.number("flags", message.get_fixed32());
      return true;
    case bytes_field(9):
      members.text("traceId", to_hex(view_of(message)));
      return true;
    case bytes_field(10):
      members.text("spanId", to_hex(view_of(message)));
      return true;
    case fixed64_field(11):
      members.large_number("observedTimeUnixNano", message.get_fixed64());
      return true;
    case bytes_field(12):
      members.text("eventName", view_of(message));
      return true;
    default:
      return false;
  }
}

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

std::string otlp_span_json(pbf_reader message) {
  JsonMembers members;
  std::string attributes;
  std::string events;
  std::string links;
  while (message.next()) {
    if (add_span_field(members, message)) continue;
    switch (message.tag_and_type()) {
      case bytes_field(9):
        add_element(attributes, key_value_json(message.get_message()));
        break;
      case bytes_field(11):
        add_element(events, event_json(message.get_message()));
        break;
      case bytes_field(13):
        add_element(links, link_json(message.get_message()));
        break;
      default:
        message.skip();
    }
  }
  add_array(members, "attributes", attributes);
  add_array(members, "events", events);
  add_array(members, "links", links);
  return members.end();
}

std::string otlp_log_record_json(pbf_reader message) {
  JsonMembers members;
  std::string attributes;
  while (message.next()) {
    if (add_log_field(members, message)) continue;
    if (message.tag_and_type() == bytes_field(6)) {
      add_element(attributes, key_value_json(message.get_message()));
    } else {
      message.skip();
    }
  }
  add_array(members, "attributes", attributes);
  return members.end();
}

std::string otlp_scope_json(pbf_reader message) {
  JsonMembers members;
  std::string attributes;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1):
        members.text("name", view_of(message));
        break;
      case bytes_field(2):
        members.text("version", view_of(message));
        break;
      case bytes_field(3):
        add_element(attributes, key_value_json(message.get_message()));
        break;
      default:
        message.skip();
    }
  }
  add_array(members, "attributes", attributes);
  return members.end();
}

std::string otlp_resource_json(pbf_reader message) {
  JsonMembers members;
  std::string attributes;
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      add_element(attributes, key_value_json(message.get_message()));
    } else {
      message.skip();
    }
  }
  add_array(members, "attributes", attributes);
  return members.end();
}

}  // namespace llmtrace::collector
