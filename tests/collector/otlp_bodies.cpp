#include "tests/collector/otlp_bodies.h"

#include <llmtrace/json_writer.h>

#include <protozero/pbf_writer.hpp>

namespace llmtrace::collector::testing {
namespace {

using protozero::pbf_writer;

struct ValueToProtobuf {
  pbf_writer& any;

  void operator()(const std::string& text) { any.add_string(1, text); }
  void operator()(bool value) { any.add_bool(2, value); }
  void operator()(std::int64_t value) { any.add_int64(3, value); }
  void operator()(double value) { any.add_double(4, value); }
  void operator()(const std::vector<std::string>& values) {
    pbf_writer array(any, 5);
    for (const std::string& value : values) {
      pbf_writer element(array, 1);
      element.add_string(1, value);
    }
  }
};

struct ValueToJson {
  JsonWriter& writer;

  void operator()(const std::string& text) { writer.object({{"stringValue", text}}); }
  void operator()(bool value) { writer.object({{"boolValue", value}}); }
  void operator()(std::int64_t value) { writer.object({{"intValue", std::to_string(value)}}); }
  void operator()(double value) { writer.object({{"doubleValue", value}}); }
  void operator()(const std::vector<std::string>& values) {
    writer.begin_object();
    writer.key("arrayValue");
    writer.begin_object();
    writer.key("values");
    writer.begin_array();
    for (const std::string& value : values) writer.object({{"stringValue", value}});
    writer.end_array();
    writer.end_object();
    writer.end_object();
  }
};

void add_attributes(pbf_writer& message, protozero::pbf_tag_type tag, const Attributes& all) {
  for (const auto& [key, value] : all) {
    pbf_writer pair(message, tag);
    pair.add_string(1, key);
    pbf_writer any(pair, 2);
    std::visit(ValueToProtobuf{any}, value);
  }
}

void add_span(pbf_writer& scope_spans, const Span& data) {
  pbf_writer span(scope_spans, 2);
  if (!data.trace_id.empty()) span.add_bytes(1, from_hex(data.trace_id));
  if (!data.span_id.empty()) span.add_bytes(2, from_hex(data.span_id));
  if (!data.parent_id.empty()) span.add_bytes(4, from_hex(data.parent_id));
  span.add_string(5, data.name);
  span.add_enum(6, 1);
  if (data.start != 0) span.add_fixed64(7, data.start);
  if (data.end != 0) span.add_fixed64(8, data.end);
  add_attributes(span, 9, data.attributes);
  for (const SpanEvent& said : data.events) {
    pbf_writer event(span, 11);
    event.add_fixed64(1, said.time);
    event.add_string(2, said.name);
    add_attributes(event, 3, said.attributes);
  }
  pbf_writer status(span, 15);
  if (!data.status_message.empty()) status.add_string(2, data.status_message);
  if (data.status_code != 0) status.add_enum(3, data.status_code);
}

void write_attributes(JsonWriter& writer, const Attributes& all) {
  writer.key("attributes");
  writer.begin_array();
  for (const auto& [key, value] : all) {
    writer.begin_object();
    writer.key("key");
    writer.string(key);
    writer.key("value");
    std::visit(ValueToJson{writer}, value);
    writer.end_object();
  }
  writer.end_array();
}

void write_member(JsonWriter& writer, const char* key, const std::string& value) {
  writer.key(key);
  writer.string(value);
}

void write_span(JsonWriter& writer, const Span& data) {
  writer.begin_object();
  if (!data.trace_id.empty()) write_member(writer, "traceId", data.trace_id);
  if (!data.span_id.empty()) write_member(writer, "spanId", data.span_id);
  if (!data.parent_id.empty()) write_member(writer, "parentSpanId", data.parent_id);
  write_member(writer, "name", data.name);
  if (data.start != 0) write_member(writer, "startTimeUnixNano", std::to_string(data.start));
  if (data.end != 0) write_member(writer, "endTimeUnixNano", std::to_string(data.end));
  write_attributes(writer, data.attributes);
  writer.key("events");
  writer.begin_array();
  for (const SpanEvent& event : data.events) {
    writer.begin_object();
    write_member(writer, "timeUnixNano", std::to_string(event.time));
    write_member(writer, "name", event.name);
    write_attributes(writer, event.attributes);
    writer.end_object();
  }
  writer.end_array();
  writer.key("status");
  writer.object({{"code", data.status_code}, {"message", data.status_message}});
  writer.end_object();
}

}  // namespace

std::string protobuf_body(const Export& data) {
  std::string body;
  pbf_writer message(body);
  pbf_writer resource_spans(message, 1);
  {
    pbf_writer resource(resource_spans, 1);
    add_attributes(resource, 1, data.resource);
  }
  pbf_writer scope_spans(resource_spans, 2);
  {
    pbf_writer scope(scope_spans, 1);
    scope.add_string(1, data.scope_name);
    scope.add_string(2, data.scope_version);
    add_attributes(scope, 3, data.scope_attributes);
  }
  for (const Span& span : data.spans) add_span(scope_spans, span);
  scope_spans.commit();
  resource_spans.commit();
  return body;
}

std::string json_body(const Export& data) {
  std::string body;
  JsonWriter writer(body);
  body += R"({"resourceSpans":[{"resource":)";
  writer.begin_object();
  write_attributes(writer, data.resource);
  writer.end_object();
  body += R"(,"scopeSpans":[{"scope":)";
  JsonWriter scope(body);
  scope.begin_object();
  write_member(scope, "name", data.scope_name);
  write_member(scope, "version", data.scope_version);
  write_attributes(scope, data.scope_attributes);
  scope.end_object();
  body += R"(,"spans":)";
  JsonWriter spans(body);
  spans.begin_array();
  for (const Span& span : data.spans) write_span(spans, span);
  spans.end_array();
  return body + "}]}]}";
}

std::string deep_protobuf_body(int depth) {
  std::string any;
  pbf_writer(any).add_string(1, "core");
  for (int level = 0; level < depth; ++level) {
    std::string array;
    pbf_writer(array).add_message(1, any);
    std::string outer;
    pbf_writer(outer).add_message(5, array);
    any = outer;
  }
  return protobuf_body_with_raw_value("deep", any);
}

std::string protobuf_body_with_raw_value(const std::string& key, const std::string& any_value) {
  std::string body;
  pbf_writer message(body);
  pbf_writer resource_spans(message, 1);
  pbf_writer scope_spans(resource_spans, 2);
  pbf_writer span(scope_spans, 2);
  span.add_bytes(1, from_hex(kTraceId));
  span.add_bytes(2, from_hex(kSpanId));
  pbf_writer attribute(span, 9);
  attribute.add_string(1, key);
  attribute.add_message(2, any_value);
  attribute.commit();
  span.commit();
  scope_spans.commit();
  resource_spans.commit();
  return body;
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace llmtrace::collector::testing
