#include "collector/signals/otlp_logs.h"

#include <charconv>
#include <protozero/pbf_reader.hpp>
#include <utility>

#include "collector/bad_request.h"
#include "collector/identifier.h"
#include "collector/iso_time.h"
#include "collector/metadata_text.h"
#include "collector/otlp_to_json.h"
#include "collector/otlp_trace.h"
#include "common/src/environment.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

using protozero::pbf_reader;

std::optional<std::string> id_in(const JsonValue& record, std::string_view key,
                                 std::size_t digits) {
  std::string id = lower_case(record[key].as_string());
  const bool is_id = is_lower_hex(id, digits) && id.find_first_not_of('0') != std::string::npos;
  return is_id ? std::optional(std::move(id)) : std::nullopt;
}

// When it happened, else when it was seen, else now.
std::int64_t time_of(const JsonValue& record) {
  for (const std::string_view key : {"timeUnixNano", "observedTimeUnixNano"}) {
    const std::string text = plain_text(record[key]);
    std::uint64_t nanoseconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), nanoseconds);
    if (const auto us = nanoseconds_to_us(nanoseconds)) return *us;
  }
  return now_us();
}

OtlpLogRecord record_of(const JsonValue& json, std::string text) {
  OtlpLogRecord record{
      .trace_id = id_in(json, "traceId", 32), .time_us = time_of(json), .json = std::move(text)};
  if (record.trace_id) record.span_id = id_in(json, "spanId", 16);
  return record;
}

std::string surroundings(const std::string& resource, const std::string& scope) {
  return "{\"resource\":" + (resource.empty() ? "{}" : resource) +
         ",\"scope\":" + (scope.empty() ? "{}" : scope) + "}";
}

OtlpLogGroup decode_scope_logs(pbf_reader message, const std::string& resource) {
  OtlpLogGroup group;
  std::string scope;
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      scope = otlp_scope_json(message.get_message());
    } else if (message.tag_and_type() == bytes_field(2)) {
      std::string text = otlp_log_record_json(message.get_message());
      const JsonValue json = JsonValue::parse(text).value_or(JsonValue());
      group.records.push_back(record_of(json, std::move(text)));
    } else {
      message.skip();
    }
  }
  group.resource_json = surroundings(resource, scope);
  return group;
}

// The resource may stand behind its records.
std::string resource_of(pbf_reader message) {
  std::string resource;
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      resource = otlp_resource_json(message.get_message());
    } else {
      message.skip();
    }
  }
  return resource;
}

const std::vector<JsonValue>& list_in(const JsonValue& object, std::string_view key) {
  const JsonValue& member = object[key];
  const bool is_list = member.is_null() || member.is_array();
  bool holds_objects = true;
  for (const JsonValue& element : member.elements()) {
    holds_objects = holds_objects && element.is_object();
  }
  if (!is_list || !holds_objects) {
    throw BadRequest("'" + std::string(key) +
                     "' must be an array of objects; the entire export was rejected");
  }
  return member.elements();
}

}  // namespace

std::vector<OtlpLogGroup> decode_otlp_logs_protobuf(std::string_view body) {
  std::vector<OtlpLogGroup> groups;
  try {
    pbf_reader request(body.data(), body.size());
    while (request.next()) {
      if (request.tag_and_type() != bytes_field(1)) {
        request.skip();
        continue;
      }
      pbf_reader resource_logs = request.get_message();
      const std::string resource = resource_of(resource_logs);
      while (resource_logs.next()) {
        if (resource_logs.tag_and_type() == bytes_field(2)) {
          groups.push_back(decode_scope_logs(resource_logs.get_message(), resource));
        } else {
          resource_logs.skip();
        }
      }
    }
  } catch (const protozero::exception& error) {
    throw BadRequest(std::string("the body is no protobuf message: ") + error.what());
  }
  return groups;
}

std::vector<OtlpLogGroup> decode_otlp_logs_json(std::string_view body) {
  const auto request = JsonValue::parse(body);
  if (!request || !request->is_object()) throw BadRequest("the body is no JSON object");
  std::vector<OtlpLogGroup> groups;
  for (const JsonValue& resource_logs : list_in(*request, "resourceLogs")) {
    const JsonValue& resource = resource_logs["resource"];
    for (const JsonValue& scope_logs : list_in(resource_logs, "scopeLogs")) {
      const JsonValue& scope = scope_logs["scope"];
      OtlpLogGroup group;
      group.resource_json = surroundings(resource.is_object() ? resource.to_text() : "",
                                         scope.is_object() ? scope.to_text() : "");
      for (const JsonValue& record : list_in(scope_logs, "logRecords")) {
        group.records.push_back(record_of(record, record.to_text()));
      }
      groups.push_back(std::move(group));
    }
  }
  return groups;
}

}  // namespace llmtrace::collector
