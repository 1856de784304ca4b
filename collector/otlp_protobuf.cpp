#include "collector/otlp_protobuf.h"

#include <cstdint>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <string>
#include <utility>

#include "collector/bad_request.h"
#include "collector/identifier.h"
#include "collector/otlp_json.h"
#include "collector/otlp_to_json.h"
#include "common/src/json_value.h"
#include "common/src/utf8.h"

namespace llmtrace::collector {
namespace {

using protozero::pbf_reader;

std::string text_of(pbf_reader& message) {
  std::string text;
  append_utf8(text, view_of(message));
  return text;
}

std::optional<OtlpValue> decode_value(pbf_reader message, Keep keep) {
  // The most frequent kinds, without a detour by JSON.
  pbf_reader only_field = message;
  if (only_field.next()) {
    if (only_field.tag_and_type() == bytes_field(1)) {
      OtlpValue text{.text = text_of(only_field)};
      if (!only_field.next()) return text;
    } else if (only_field.tag_and_type() == varint_field(3)) {
      OtlpValue number{.kind = OtlpValue::Kind::Number,
                       .text = std::to_string(only_field.get_int64())};
      if (!only_field.next()) return number;
    }
  }
  return otlp_value(JsonValue::parse(any_value_json(message)).value_or(JsonValue()), keep);
}

void decode_attribute(pbf_reader message, OtlpAttributes& attributes, Keep keep) {
  const KeyValueView pair = read_key_value(message);
  if (keep == Keep::JsonAndIndexed && is_content(pair.key)) return;
  std::string key;
  append_utf8(key, pair.key);
  auto value = decode_value(pair.value, keep);
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

OtlpEvent decode_event(pbf_reader message) {
  OtlpEvent event;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case fixed64_field(1):
        event.time_us = nanoseconds_to_us(message.get_fixed64()).value_or(0);
        break;
      case bytes_field(2):
        event.name = text_of(message);
        break;
      case bytes_field(3):
        decode_attribute(message.get_message(), event.attributes, Keep::Attributes);
        break;
      default:
        message.skip();
    }
  }
  return event;
}

OtlpSpan decode_span(pbf_reader message, Keep keep) {
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
        span.start_us = nanoseconds_to_us(message.get_fixed64());
        break;
      case fixed64_field(8):
        span.end_us = nanoseconds_to_us(message.get_fixed64());
        break;
      case bytes_field(9):
        decode_attribute(message.get_message(), span.attributes, keep);
        break;
      case bytes_field(11):
        span.events.push_back(decode_event(message.get_message()));
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
        decode_attribute(message.get_message(), scope_spans.scope_attributes, Keep::Attributes);
        break;
      default:
        message.skip();
    }
  }
}

OtlpScopeSpans decode_scope_spans(pbf_reader message, Keep keep) {
  OtlpScopeSpans scope_spans;
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      const pbf_reader scope = message.get_message();
      decode_scope(scope, scope_spans);
      if (keep == Keep::JsonAndIndexed) scope_spans.scope_json = otlp_scope_json(scope);
    } else if (message.tag_and_type() == bytes_field(2)) {
      const pbf_reader span = message.get_message();
      scope_spans.spans.push_back(decode_span(span, keep));
      if (keep == Keep::JsonAndIndexed) scope_spans.spans.back().json = otlp_span_json(span);
    } else {
      message.skip();
    }
  }
  return scope_spans;
}

void decode_resource(pbf_reader message, OtlpAttributes& attributes) {
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      decode_attribute(message.get_message(), attributes, Keep::Attributes);
    } else {
      message.skip();
    }
  }
}

OtlpResourceSpans decode_resource_spans(pbf_reader message, Keep keep) {
  OtlpResourceSpans resource_spans;
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      const pbf_reader resource = message.get_message();
      decode_resource(resource, resource_spans.resource_attributes);
      if (keep == Keep::JsonAndIndexed) resource_spans.resource_json = otlp_resource_json(resource);
    } else if (message.tag_and_type() == bytes_field(2)) {
      resource_spans.scope_spans.push_back(decode_scope_spans(message.get_message(), keep));
    } else {
      message.skip();
    }
  }
  return resource_spans;
}

}  // namespace

OtlpTrace decode_otlp_protobuf(std::string_view body, Keep keep) {
  OtlpTrace trace;
  try {
    pbf_reader message(body.data(), body.size());
    while (message.next()) {
      if (message.tag_and_type() == bytes_field(1)) {
        trace.push_back(decode_resource_spans(message.get_message(), keep));
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
