#include "collector/observation_mapper.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "collector/environment_name.h"
#include "collector/iso_time.h"
#include "collector/metadata_text.h"
#include "collector/observation_type.h"
#include "collector/span_attributes.h"
#include "collector/usage_details.h"
#include "common/src/json_text.h"

namespace llmtrace::collector {
namespace {

constexpr std::int64_t kOtelStatusError = 2;

std::optional<std::string> level_from_name(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kLevels = {
      {{"DEBUG", "DEBUG"},
       {"TRACE", "DEBUG"},
       {"VERBOSE", "DEBUG"},
       {"DEFAULT", "DEFAULT"},
       {"INFO", "DEFAULT"},
       {"LOG", "DEFAULT"},
       {"NOTICE", "DEFAULT"},
       {"OK", "DEFAULT"},
       {"SUCCESS", "DEFAULT"},
       {"WARNING", "WARNING"},
       {"WARN", "WARNING"},
       {"ERROR", "ERROR"},
       {"FATAL", "ERROR"},
       {"CRITICAL", "ERROR"}}};
  for (const auto& [word, level] : kLevels) {
    if (word == name) return std::string(level);
  }
  return std::nullopt;
}

std::string unquoted(const std::string& text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

// A string array, a JSON array in a string, or a comma list; as a JSON array of strings.
std::optional<std::string> tags_json(SpanAttributes& attributes) {
  const auto given = attributes.text({"langfuse.trace.tags", "langfuse.tags"});
  if (!given) return std::nullopt;
  std::string text = "[";
  const auto add = [&text](std::string_view tag) {
    if (text.size() > 1) text += ',';
    append_json_string(text, tag);
  };
  const auto json = JsonValue::parse(*given);
  if (json && json->is_array()) {
    for (const JsonValue& tag : json->elements()) add(plain_text(tag));
    return text + "]";
  }
  std::string_view rest = *given;
  while (!rest.empty()) {
    std::string_view tag = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), tag.size() + 1));
    tag.remove_prefix(std::min(tag.find_first_not_of(' '), tag.size()));
    tag = tag.substr(0, tag.find_last_not_of(' ') + 1);
    if (!tag.empty()) add(tag);
  }
  return text + "]";
}

void map_trace_context(SpanAttributes& attributes, Observation& row) {
  row.trace_name = attributes.text({"langfuse.trace.name"});
  row.user_id = attributes.text({"langfuse.user.id", "user.id"});
  row.session_id = attributes.text({"langfuse.session.id", "session.id", "gen_ai.conversation.id"});
  row.tags = tags_json(attributes);
  row.is_public = attributes.flag({"langfuse.trace.public", "langfuse.public"});
  row.is_app_root = attributes.flag({"langfuse.internal.is_app_root"});
  row.environment =
      environment_name(attributes
                           .text_or_resource({"langfuse.environment", "deployment.environment.name",
                                              "deployment.environment"})
                           .value_or("default"));
  row.release = attributes.text_or_resource({"langfuse.release"});
  row.version = attributes.text({"langfuse.version"});
  if (!row.version) row.version = attributes.resource_text({"langfuse.version", "service.version"});
}

void map_level(SpanAttributes& attributes, const OtlpSpan& span, Observation& row) {
  const auto given = attributes.text({"langfuse.observation.level"});
  row.level = level_from_name(given.value_or(""));
  if (!row.level) row.level = span.status_code == kOtelStatusError ? "ERROR" : "DEFAULT";
  row.status_message = attributes.text({"langfuse.observation.status_message"});
  if (!row.status_message && !span.status_message.empty()) row.status_message = span.status_message;
}

void map_times(SpanAttributes& attributes, const OtlpSpan& span, std::int64_t received_ms,
               Observation& row) {
  const auto start_us = span.start_us ? span.start_us : span.end_us;
  row.start_ms = start_us ? *start_us / 1000 : received_ms;
  row.end_ms = span.end_us ? *span.end_us / 1000 : row.start_ms;
  if (auto text = attributes.text({"langfuse.observation.completion_start_time"})) {
    row.completion_start_ms = parse_iso_ms(unquoted(*text));
  }
}

// The system instructions are a list of their own; readers want them in front of the messages.
std::optional<std::string> gen_ai_input(SpanAttributes& attributes) {
  auto messages = attributes.text({"gen_ai.input.messages"});
  const auto instructions = attributes.text({"gen_ai.system_instructions"});
  if (!messages || !instructions || !messages->starts_with('[')) return messages;
  const bool is_empty = messages->find_first_not_of(" \t\r\n", 1) == messages->find(']');
  std::string system = R"([{"role":"system","content":)";
  if (JsonValue::is_valid(*instructions)) {
    system += *instructions;
  } else {
    append_json_string(system, *instructions);
  }
  return system + (is_empty ? "}" : "},") + messages->substr(1);
}

void map_input_output(SpanAttributes& attributes, Observation& row) {
  const bool is_root = !row.parent_id || row.is_app_root.value_or(false);
  row.input = attributes.text({"langfuse.observation.input"});
  row.output = attributes.text({"langfuse.observation.output"});
  const auto trace_input = attributes.text({"langfuse.trace.input"});
  const auto trace_output = attributes.text({"langfuse.trace.output"});
  if (!row.input && is_root) row.input = trace_input;
  if (!row.output && is_root) row.output = trace_output;
  if (!row.input) row.input = attributes.text({"input.value"});
  if (!row.output) row.output = attributes.text({"output.value"});
  if (!row.input) row.input = gen_ai_input(attributes);
  if (!row.output) row.output = attributes.text({"gen_ai.output.messages"});
  if (!row.input) row.input = attributes.text({"gen_ai.tool.call.arguments", "gen_ai.prompt"});
  if (!row.output) row.output = attributes.text({"gen_ai.tool.call.result", "gen_ai.completion"});
}

// String and number values are kept, others become text.
std::string parameters_json(const JsonValue& object) {
  std::string text = "{";
  for (const JsonValue::Member& member : object.members()) {
    if (text.size() > 1) text += ',';
    append_json_string(text, member.first);
    text += ':';
    if (member.second.is_number()) {
      text += member.second.to_text();
    } else {
      append_json_string(text, plain_text(member.second));
    }
  }
  return text + "}";
}

std::optional<std::string> gen_ai_parameters(SpanAttributes& attributes) {
  OtlpAttributes parameters;
  attributes.for_each("gen_ai.request.", [&](const std::string& name, const OtlpValue& value) {
    if (name != "model") parameters.insert_or_assign(name, value);
  });
  if (parameters.empty()) return std::nullopt;
  return parameters_json(JsonValue::parse(attributes_json(parameters)).value_or(JsonValue()));
}

void map_model(SpanAttributes& attributes, Observation& row) {
  row.model =
      attributes.text({"langfuse.observation.model.name", "gen_ai.response.model", "ai.model.id",
                       "gen_ai.request.model", "llm.response.model", "llm.model_name", "model"});
  if (const auto given = attributes.object({"langfuse.observation.model.parameters"})) {
    row.model_parameters = parameters_json(*given);
  }
  if (!row.model_parameters) row.model_parameters = gen_ai_parameters(attributes);
  const auto invocation = attributes.object({"llm.invocation_parameters"});
  if (!row.model_parameters && invocation) row.model_parameters = parameters_json(*invocation);
}

// The server's bucket for a name under gen_ai.usage. or llm.token_count.; others keep their name.
std::string usage_bucket(const std::string& name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kBuckets = {
      {{"prompt_tokens", "input"},
       {"input_tokens", "input"},
       {"prompt", "input"},
       {"completion_tokens", "output"},
       {"output_tokens", "output"},
       {"completion", "output"},
       {"total_tokens", "total"},
       {"total", "total"},
       {"cache_read.input_tokens", "input_cached_tokens"},
       {"cache_read_input_tokens", "input_cached_tokens"},
       {"cache_creation.input_tokens", "input_cache_creation"},
       {"cache_creation_input_tokens", "input_cache_creation"},
       {"reasoning.output_tokens", "output_reasoning_tokens"},
       {"completion_details.audio", "output_audio_tokens"}}};
  for (const auto& [known, bucket] : kBuckets) {
    if (known == name) return std::string(bucket);
  }
  return name;
}

// OpenTelemetry's input and output counts include their parts; the server's buckets add up.
void take_out_parts(UsageDetails& usage, const char* sum, SpanAttributes::Names parts) {
  const auto found = usage.find(sum);
  if (found == usage.end()) return;
  for (const std::string_view part : parts) {
    const auto count = usage.find(part);
    if (count != usage.end()) {
      found->second = std::max<std::int64_t>(0, found->second - count->second);
    }
  }
}

UsageDetails gen_ai_usage(SpanAttributes& attributes) {
  std::string text = "{";
  for (const std::string_view prefix : {"llm.token_count.", "gen_ai.usage."}) {
    attributes.for_each(prefix, [&](const std::string& name, const OtlpValue& value) {
      if (name == "cost" || value.kind == OtlpValue::Kind::Array) return;
      if (text.size() > 1) text += ',';
      append_json_string(text, usage_bucket(name));
      text += ':';
      append_json_string(text, value.text);
    });
  }
  UsageDetails usage = read_usage_details(JsonValue::parse(text + "}").value_or(JsonValue()));
  take_out_parts(usage, "input", {"input_cached_tokens", "input_cache_creation"});
  take_out_parts(usage, "output", {"output_reasoning_tokens", "output_audio_tokens"});
  return usage;
}

void map_usage_and_cost(SpanAttributes& attributes, Observation& row) {
  const auto usage = attributes.object({"langfuse.observation.usage_details"});
  row.usage_details = usage_json(usage ? read_usage_details(*usage) : gen_ai_usage(attributes));
  if (const auto cost = attributes.object({"langfuse.observation.cost_details"})) {
    row.cost_details = cost_json(*cost);
  } else if (const auto total = attributes.text({"gen_ai.usage.cost", "llm.cost.total"})) {
    row.cost_details =
        cost_json(JsonValue::parse("{\"total\":" + *total + "}").value_or(JsonValue()));
  }
}

void map_prompt(SpanAttributes& attributes, Observation& row) {
  const auto name = attributes.text({"langfuse.observation.prompt.name"});
  const auto version = attributes.text({"langfuse.observation.prompt.version"});
  if (row.type != "GENERATION") return;  // the server links prompts to nothing else
  row.prompt_name = name;
  const auto number = JsonValue::parse(version.value_or(""));
  if (number && number->is_integer()) row.prompt_version = number->as_integer();
}

void add_prefixed(SpanAttributes& attributes, const std::string& name, Metadata& metadata) {
  if (const auto object = attributes.object({name})) add_metadata(metadata, *object);
  attributes.for_each(name + ".", [&](const std::string& key, const OtlpValue& value) {
    metadata.insert_or_assign(key, value.text);
  });
}

std::string scope_json(const OtlpScopeSpans& scope) {
  std::string text = "{\"name\":";
  append_json_string(text, scope.scope_name);
  text += ",\"version\":";
  append_json_string(text, scope.scope_version);
  return text + ",\"attributes\":" + attributes_json(scope.scope_attributes) + "}";
}

// Called last: what no other function has read goes into `attributes`, except from a Langfuse SDK.
std::optional<std::string> metadata_of(SpanAttributes& attributes, const OtlpScopeSpans& scope,
                                       const OtlpAttributes& resource, bool keeps_unknown) {
  Metadata metadata;
  add_prefixed(attributes, "langfuse.metadata", metadata);
  add_prefixed(attributes, "langfuse.trace.metadata", metadata);
  add_prefixed(attributes, "langfuse.observation.metadata", metadata);
  if (keeps_unknown) metadata.insert_or_assign("attributes", attributes.unread_json());
  if (!resource.empty()) metadata.insert_or_assign("resourceAttributes", attributes_json(resource));
  metadata.insert_or_assign("scope", scope_json(scope));
  return stored_metadata(metadata);
}

}  // namespace

Observation map_span(const OtlpSpan& span, const OtlpScopeSpans& scope,
                     const OtlpAttributes& resource, std::int64_t received_ms, SpanParts parts) {
  SpanAttributes attributes(span.attributes, resource);
  Observation row{.trace_id = span.trace_id, .id = span.span_id};
  if (!span.parent_span_id.empty()) row.parent_id = span.parent_span_id;
  row.created_ms = row.updated_ms = received_ms;
  row.type = observation_type(attributes);
  const auto framework_name = attributes.text(
      {"gen_ai.tool.name", "logfire.msg", "ai.toolCall.name", "ai.telemetry.functionId"});
  row.name = framework_name.value_or(span.name);
  map_trace_context(attributes, row);
  map_level(attributes, span, row);
  map_times(attributes, span, received_ms, row);
  if (parts != SpanParts::AllButContent) map_input_output(attributes, row);
  const auto operation = attributes.text({"gen_ai.operation.name"}).value_or("");
  if (operation != "invoke_agent" && operation != "create_agent") {  // their children count
    map_model(attributes, row);
    map_usage_and_cost(attributes, row);
  }
  map_prompt(attributes, row);
  if (parts == SpanParts::AllButContent) return row;
  const bool is_known_sender = scope.scope_name.starts_with("langfuse-sdk");
  const bool keeps_unknown = parts == SpanParts::AllAndUnknown || !is_known_sender;
  row.metadata = metadata_of(attributes, scope, resource, keeps_unknown);
  return row;
}

}  // namespace llmtrace::collector
