#include "collector/traces/node_content.h"

#include <llmtrace/json_writer.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "collector/iso_time.h"
#include "collector/langsmith/json_fields.h"
#include "collector/langsmith/run.h"
#include "collector/metadata_text.h"
#include "collector/observation.h"
#include "collector/otlp_json.h"
#include "collector/reply_fields.h"
#include "collector/row_sql.h"
#include "collector/signals/log_store.h"
#include "collector/span_attributes.h"
#include "collector/traces/node_mapper.h"
#include "collector/traces/plain_span.h"
#include "collector/traces/span_store.h"
#include "collector/traces/trace_ids.h"
#include "common/src/json_text.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

std::optional<std::string> value_json(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return collector::value_json(*text);
}

// An object without members is as good as none.
std::optional<std::string> unless_empty(std::string json) {
  return json.empty() || json == "{}" || json == "[]" ? std::nullopt
                                                      : std::optional(std::move(json));
}

struct ErrorText {
  std::optional<std::string> type{};
  std::string message{};
  std::optional<std::string> stack_trace{};
};

std::string error_json(const ErrorText& error) {
  std::string json;
  JsonWriter writer(json);
  {
    ReplyFields fields(writer);
    fields.add("type", error.type);
    fields.add("message", error.message);
    fields.add("stack_trace", error.stack_trace);
  }
  return json;
}

struct EventText {
  std::int64_t time_us = 0;
  std::string name{};
  std::string attributes{};
};

std::optional<std::string> events_json(const std::vector<EventText>& events,
                                       std::int64_t start_us) {
  if (events.empty()) return std::nullopt;
  std::string json;
  JsonWriter writer(json);
  writer.begin_array();
  for (const EventText& event : events) {
    ReplyFields fields(writer);
    fields.add("time", to_iso_text_us(event.time_us));
    fields.add("offset_ms", static_cast<double>(event.time_us - start_us) / 1000);
    fields.add("name", event.name);
    fields.add_json("attributes", event.attributes);
  }
  writer.end_array();
  return json;
}

// --- Langfuse's intake

// The mapper keeps what it does not know under keys of their own in the metadata.
void split_metadata(const std::optional<std::string>& stored, NodeContent& content) {
  const std::string json = metadata_json(stored, {});
  std::string rest;
  JsonObjectReader members(json);
  std::string_view value;
  for (std::string key; members.next(key, value);) {
    if (key == "attributes" && value.starts_with('{')) {
      content.attributes = unless_empty(std::string(value));
    } else if (key == "resourceAttributes" && value.starts_with('{')) {
      content.resource = unless_empty(std::string(value));
    } else if (key == "scope" && value.starts_with('{')) {
      content.scope = std::string(value);
    } else {
      rest += rest.empty() ? '{' : ',';
      append_json_string(rest, key);
      rest += ':';
      rest.append(value);
    }
  }
  if (!rest.empty()) content.metadata = rest + '}';
}

NodeContent content_of(const Observation& row) {
  NodeContent content{.input = value_json(row.input),
                      .output = value_json(row.output),
                      .model_parameters = row.model_parameters,
                      .usage = row.usage_details,
                      .cost = row.cost_details};
  split_metadata(row.metadata, content);
  if (row.prompt_name) {
    JsonWriter writer(content.prompt.emplace());
    ReplyFields fields(writer);
    fields.add("name", *row.prompt_name);
    fields.add("version", row.prompt_version);
  }
  if (row.level == "ERROR") {
    content.error = error_json({.message = row.status_message.value_or("")});
  }
  return content;
}

NodeContent langfuse_content(SqliteDatabase& connection, const Node& node) {
  RowFilter filter;
  filter.equal("trace_id", node.key.value_or(node.trace_id));
  filter.equal("id", node.id);
  const auto rows = read_rows<Observation>(connection, filter, "", {.limit = 1});
  return rows.empty() ? NodeContent() : content_of(rows.front());
}

// --- LangSmith's

std::optional<std::string> object_in(const std::optional<std::string>& json,
                                     std::string_view name) {
  if (!json) return std::nullopt;
  const std::string_view object = json_member(*json, {name});
  return object.starts_with('{') ? unless_empty(std::string(object)) : std::nullopt;
}

std::vector<EventText> events_of(const Run& run) {
  std::vector<EventText> events;
  if (!run.events) return events;
  JsonArrayReader reader(*run.events);
  for (std::string_view event; reader.next(event);) {
    const std::string_view name = json_member(event, {"name"});
    const std::string_view time = json_member(event, {"time"});
    const auto time_us =
        time.starts_with('"') ? parse_iso_us(unescape_json_string(time)) : std::nullopt;
    events.push_back({.time_us = time_us.value_or(*run.start_us),
                      .name = name.starts_with('"') ? unescape_json_string(name) : "event",
                      .attributes = std::string(event)});
  }
  return events;
}

// "message\n\nTraceback ...": what follows the first line is where it came from.
std::string error_of(const std::string& text) {
  const std::size_t line = text.find('\n');
  ErrorText error{.message = text.substr(0, line)};
  if (line != std::string::npos) error.stack_trace = text.substr(line + 1);
  return error_json(error);
}

std::optional<std::string> attributes_of(const Run& run) {
  std::string json;
  const auto add = [&json](std::string_view name, std::string_view value) {
    json += json.empty() ? '{' : ',';
    append_json_string(json, name);
    json += ':';
    json.append(value);
  };
  if (run.serialized) add("serialized", *run.serialized);
  if (run.reference_example_id) add("reference_example_id", '"' + *run.reference_example_id + '"');
  return json.empty() ? std::nullopt : std::optional(json + '}');
}

template <class Number>
std::optional<std::string> numbers_json(const NumberMap<Number>& numbers) {
  std::string json;
  for (const auto& item : numbers.items()) {
    json += json.empty() ? '{' : ',';
    append_json_string(json, item.name);
    json += ':';
    append_json_number(json, static_cast<double>(item.value));
  }
  return json.empty() ? std::nullopt : std::optional(json + '}');
}

NodeContent langsmith_content(SqliteDatabase& connection, const Node& node) {
  RowFilter filter;
  filter.equal("id", node.key.value_or(""));
  const auto rows = read_rows<Run>(connection, filter, "", {.limit = 1});
  if (rows.empty()) return {};
  const Run& run = rows.front();
  NodeContent content{.input = run.inputs,
                      .output = run.outputs,
                      .metadata = object_in(run.extra, "metadata"),
                      .model_parameters = object_in(run.extra, "invocation_params"),
                      .usage = numbers_json(usage_buckets(run)),
                      .cost = numbers_json(told_cost(run)),
                      .events = events_json(events_of(run), node.start_us),
                      .attributes = attributes_of(run),
                      .resource = object_in(run.extra, "runtime")};
  if (run.error) content.error = error_of(*run.error);
  return content;
}

// --- plain OTLP's

std::optional<std::string> exception_of(const OtlpSpan& span) {
  for (const OtlpEvent& event : span.events) {
    if (event.name != "exception") continue;
    const auto text = [&event](std::string_view name) {
      const auto found = event.attributes.find(name);
      return found == event.attributes.end() ? std::nullopt : std::optional(found->second.text);
    };
    return error_json({.type = text("exception.type"),
                       .message = text("exception.message").value_or(span.status_message),
                       .stack_trace = text("exception.stacktrace")});
  }
  return std::nullopt;
}

// A call's messages may come as log records of its span, each an event of the GenAI conventions.
void add_logged_messages(SqliteDatabase& connection, const Node& node, OtlpSpan& span) {
  constexpr std::int64_t kMostEvents = 1000;
  for (const StoredLog& log : read_gen_ai_events(connection, node.trace_id, node.id, kMostEvents)) {
    const JsonValue record = JsonValue::parse(log.record_json).value_or(JsonValue());
    OtlpEvent event{.name = record["eventName"].as_string(),
                    .time_us = log.time_us,
                    .attributes = decode_otlp_attributes(record, Keep::AttributesAsJson)};
    const auto named = event.attributes.find("event.name");  // before records had a name
    if (event.name.empty() && named != event.attributes.end()) event.name = named->second.text;
    if (!event.name.starts_with("gen_ai.")) continue;
    if (auto body = otlp_value(record["body"], Keep::AttributesAsJson)) {
      event.attributes.try_emplace("gen_ai.event.content", *std::move(body));
    }
    span.events.push_back(std::move(event));
  }
}

NodeContent otlp_content(SqliteDatabase& connection, const Node& node) {
  auto stored = read_span(connection, node.row);
  if (!stored) return {};
  std::vector<EventText> events;
  for (const OtlpEvent& event : stored->span.events) {
    events.push_back({.time_us = event.time_us,
                      .name = event.name,
                      .attributes = attributes_json(event.attributes)});
  }
  auto exception = exception_of(stored->span);
  add_logged_messages(connection, node, stored->span);
  NodeContent content =
      content_of(map_plain_span(std::move(stored->span), stored->scope, stored->resource_attributes,
                                node.stored_us / 1000, SpanParts::AllAndUnknown));
  // What was caught and dealt with is an event, but no error of the span's.
  if (exception && content.error) content.error = std::move(exception);
  content.events = events_json(events, node.start_us);
  return content;
}

void fill(std::optional<std::string>& value, std::optional<std::string>& other) {
  if (!value) value = std::move(other);
}

}  // namespace

NodeContent read_content(SqliteDatabase& connection, const Node& node) {
  switch (static_cast<Source>(node.source)) {
    case Source::Langfuse:
      return langfuse_content(connection, node);
    case Source::LangSmith:
      return langsmith_content(connection, node);
    case Source::Otlp:
      return otlp_content(connection, node);
  }
  return {};
}

void merge_content(NodeContent& content, NodeContent other) {
  fill(content.input, other.input);
  fill(content.output, other.output);
  fill(content.metadata, other.metadata);
  fill(content.model_parameters, other.model_parameters);
  fill(content.usage, other.usage);
  fill(content.cost, other.cost);
  fill(content.prompt, other.prompt);
  fill(content.error, other.error);
  fill(content.events, other.events);
  fill(content.attributes, other.attributes);
  fill(content.resource, other.resource);
  fill(content.scope, other.scope);
}

std::string value_json(const std::string& text) {
  if (JsonValue::is_valid(text)) return text;
  std::string json;
  append_json_string(json, text);
  return json;
}

}  // namespace llmtrace::collector
