// Reads an OTLP export request, protobuf or JSON, into plain values, with nothing of the encoder's
// own code in it, so that a test sees what a server would.
#pragma once

#include <charconv>
#include <cstdint>
#include <map>
#include <protozero/pbf_reader.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/json_value.h"

namespace llmtrace::tests {

/// A string as it is; true or false; a decimal integer; a number in its shortest form; an array as
/// "[a,b]".
using Attributes = std::map<std::string, std::string>;

struct ReadEvent {
  std::string name;
  std::uint64_t time = 0;
  Attributes attributes;
};

struct ReadSpan {
  std::string trace_id;
  std::string span_id;
  std::string parent_id;
  std::string trace_state;
  std::uint64_t flags = 0;
  std::string name;
  std::int64_t kind = 0;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  Attributes attributes;
  std::uint64_t dropped_attributes = 0;
  std::vector<ReadEvent> events;
  std::uint64_t dropped_events = 0;
  std::int64_t status_code = 0;
  std::string status_message;

  std::string operator[](const std::string& key) const {
    const auto found = attributes.find(key);
    return found == attributes.end() ? "(absent)" : found->second;
  }
  bool has(const std::string& key) const { return attributes.count(key) != 0; }
};

struct ReadExport {
  Attributes resource;
  std::string scope_name;
  std::string scope_version;
  std::vector<ReadSpan> spans;

  const ReadSpan& named(std::string_view name) const {
    for (const ReadSpan& span : spans) {
      if (span.name == name) return span;
    }
    throw std::runtime_error("no span " + std::string(name));
  }
};

namespace otlp_reader {

inline std::string hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(kDigits[byte >> 4U]);
    out.push_back(kDigits[byte & 15U]);
  }
  return out;
}

inline void insert(Attributes& attributes, std::string key, std::string value) {
  if (!attributes.emplace(key, std::move(value)).second) {
    throw std::runtime_error("attribute twice: " + key);
  }
}

inline std::string shortest(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

inline std::string any_value(protozero::pbf_reader value) {
  std::string text;
  while (value.next()) {
    switch (value.tag()) {
      case 1:
        text = value.get_string();
        break;
      case 2:
        text = value.get_bool() ? "true" : "false";
        break;
      case 3:
        text = std::to_string(value.get_int64());
        break;
      case 4:
        text = shortest(value.get_double());
        break;
      case 5: {
        protozero::pbf_reader array = value.get_message();
        text = "[";
        while (array.next()) {
          if (text.size() > 1) text += ",";
          text += any_value(array.get_message());
        }
        text += "]";
        break;
      }
      default:
        throw std::runtime_error("unknown AnyValue field");
    }
  }
  return text;
}

inline void key_value(protozero::pbf_reader pair, Attributes& attributes) {
  std::string key;
  std::string value;
  while (pair.next()) {
    if (pair.tag() == 1) {
      key = pair.get_string();
    } else {
      value = any_value(pair.get_message());
    }
  }
  insert(attributes, std::move(key), std::move(value));
}

inline ReadEvent event(protozero::pbf_reader fields) {
  ReadEvent event;
  while (fields.next()) {
    switch (fields.tag()) {
      case 1:
        event.time = fields.get_fixed64();
        break;
      case 2:
        event.name = fields.get_string();
        break;
      case 3:
        key_value(fields.get_message(), event.attributes);
        break;
      default:
        throw std::runtime_error("unknown Event field");
    }
  }
  return event;
}

inline ReadSpan span(protozero::pbf_reader fields) {
  ReadSpan span;
  while (fields.next()) {
    switch (fields.tag()) {
      case 1:
        span.trace_id = hex(fields.get_string());
        break;
      case 2:
        span.span_id = hex(fields.get_string());
        break;
      case 3:
        span.trace_state = fields.get_string();
        break;
      case 4:
        span.parent_id = hex(fields.get_string());
        break;
      case 5:
        span.name = fields.get_string();
        break;
      case 6:
        span.kind = fields.get_enum();
        break;
      case 7:
        span.start = fields.get_fixed64();
        break;
      case 8:
        span.end = fields.get_fixed64();
        break;
      case 9:
        key_value(fields.get_message(), span.attributes);
        break;
      case 10:
        span.dropped_attributes = fields.get_uint32();
        break;
      case 11:
        span.events.push_back(event(fields.get_message()));
        break;
      case 12:
        span.dropped_events = fields.get_uint32();
        break;
      case 16:
        span.flags = fields.get_fixed32();
        break;
      case 15: {
        protozero::pbf_reader status = fields.get_message();
        while (status.next()) {
          if (status.tag() == 2) {
            span.status_message = status.get_string();
          } else {
            span.status_code = status.get_enum();
          }
        }
        break;
      }
      default:
        throw std::runtime_error("unknown Span field");
    }
  }
  return span;
}

inline void scope_spans(protozero::pbf_reader fields, ReadExport& out) {
  while (fields.next()) {
    if (fields.tag() == 2) {
      out.spans.push_back(span(fields.get_message()));
      continue;
    }
    protozero::pbf_reader scope = fields.get_message();
    while (scope.next()) {
      std::string& target = scope.tag() == 1 ? out.scope_name : out.scope_version;
      target = scope.get_string();
    }
  }
}

inline std::string any_value(const JsonValue& value) {
  const auto& [kind, content] = value.members().at(0);
  if (kind == "stringValue" || kind == "intValue") return content.as_string();
  if (kind == "doubleValue") return shortest(content.as_double());
  if (kind == "boolValue") return content.as_bool() ? "true" : "false";
  if (kind != "arrayValue") throw std::runtime_error("unknown value " + kind);
  std::string text = "[";
  for (const JsonValue& element : content["values"].elements()) {
    if (text.size() > 1) text += ",";
    text += any_value(element);
  }
  return text + "]";
}

inline void key_values(const JsonValue& list, Attributes& attributes) {
  for (const JsonValue& pair : list.elements()) {
    insert(attributes, pair["key"].as_string(), any_value(pair["value"]));
  }
}

inline ReadSpan span(const JsonValue& fields) {
  ReadSpan span;
  span.trace_id = fields["traceId"].as_string();
  span.span_id = fields["spanId"].as_string();
  span.parent_id = fields["parentSpanId"].as_string();
  span.trace_state = fields["traceState"].as_string();
  span.flags = static_cast<std::uint64_t>(fields["flags"].as_integer());
  span.name = fields["name"].as_string();
  span.kind = fields["kind"].as_integer();
  span.start = std::stoull(fields["startTimeUnixNano"].as_string());
  span.end = std::stoull(fields["endTimeUnixNano"].as_string());
  key_values(fields["attributes"], span.attributes);
  span.dropped_attributes =
      static_cast<std::uint64_t>(fields["droppedAttributesCount"].as_integer());
  for (const JsonValue& fields_of : fields["events"].elements()) {
    ReadEvent& event = span.events.emplace_back();
    event.name = fields_of["name"].as_string();
    event.time = std::stoull(fields_of["timeUnixNano"].as_string());
    key_values(fields_of["attributes"], event.attributes);
  }
  span.dropped_events = static_cast<std::uint64_t>(fields["droppedEventsCount"].as_integer());
  span.status_code = fields["status"]["code"].as_integer();
  span.status_message = fields["status"]["message"].as_string();
  return span;
}

}  // namespace otlp_reader

inline ReadExport read_otlp_protobuf(std::string_view body) {
  ReadExport out;
  protozero::pbf_reader request(body.data(), body.size());
  while (request.next(1)) {
    protozero::pbf_reader resource_spans = request.get_message();
    while (resource_spans.next()) {
      if (resource_spans.tag() == 2) {
        otlp_reader::scope_spans(resource_spans.get_message(), out);
        continue;
      }
      protozero::pbf_reader resource = resource_spans.get_message();
      while (resource.next(1)) otlp_reader::key_value(resource.get_message(), out.resource);
    }
  }
  return out;
}

inline ReadExport read_otlp_json(std::string_view body) {
  const auto request = JsonValue::parse(body);
  if (!request) throw std::runtime_error("no JSON: " + std::string(body));
  ReadExport out;
  for (const JsonValue& resource_spans : (*request)["resourceSpans"].elements()) {
    otlp_reader::key_values(resource_spans["resource"]["attributes"], out.resource);
    for (const JsonValue& scope_spans : resource_spans["scopeSpans"].elements()) {
      out.scope_name = scope_spans["scope"]["name"].as_string();
      out.scope_version = scope_spans["scope"]["version"].as_string();
      for (const JsonValue& fields : scope_spans["spans"].elements()) {
        out.spans.push_back(otlp_reader::span(fields));
      }
    }
  }
  return out;
}

}  // namespace llmtrace::tests
