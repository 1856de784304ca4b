#include "common/src/otlp_exporter/genai_mapper.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "common/src/error_type.h"
#include "common/src/otlp_exporter/genai_request.h"
#include "common/src/otlp_exporter/genai_view.h"
#include "common/src/otlp_exporter/limited_sink.h"
#include "common/src/token_counts.h"

namespace llmtrace {
inline namespace v0 {
namespace {

// Keys of metadata that are attributes already: who writes them knows the conventions, or the
// backend, better than this table does.
constexpr std::array<std::string_view, 4> kOwnPrefixes{"gen_ai.", "server.", "wandb.",
                                                       "openinference."};

constexpr std::string_view kTools = "tools";

// Keys of metadata by which integrations and programs say what the conventions have a name for.
constexpr std::array<std::pair<std::string_view, GenAi>, 11> kMetadataNames{{
    {"response_id", GenAi::ResponseId},
    {"response_model", GenAi::ResponseModel},
    {"finish_reasons", GenAi::FinishReasons},
    {kTools, GenAi::ToolDefinitions},
    {"tool_call_id", GenAi::ToolCallId},
    {"tool_type", GenAi::ToolType},
    {"tool_description", GenAi::ToolDescription},
    {"agent_id", GenAi::AgentId},
    {"agent_version", GenAi::AgentVersion},
    {"agent_description", GenAi::AgentDescription},
    {"data_source_id", GenAi::DataSourceId},
}};

bool is_own(std::string_view key) noexcept {
  return std::any_of(kOwnPrefixes.begin(), kOwnPrefixes.end(),
                     [key](std::string_view prefix) { return key.starts_with(prefix); });
}

bool is_model_call(ObservationType type) noexcept {
  return type == ObservationType::Generation || type == ObservationType::Embedding;
}

std::string_view usual_operation(ObservationType type, GenAiConventions version) noexcept {
  switch (type) {
    case ObservationType::Generation:
      return "chat";
    case ObservationType::Embedding:
      return "embeddings";
    case ObservationType::Tool:
      return "execute_tool";
    case ObservationType::Agent:
      return "invoke_agent";
    case ObservationType::Retriever:
      return version == GenAiConventions::V1_36 ? "" : "retrieval";
    default:
      return "";
  }
}

// What stands behind the operation in a span's name: the model, the tool, the agent or the source.
std::string subject_of(const GenAiView& view) {
  const Record& record = view.record;
  if (is_model_call(record.type)) return record.model;
  if (record.type == ObservationType::Retriever) return view.metadata_text("data_source_id");
  return record.name;
}

// The conventions' "{operation} {subject}"; without an operation, or without its subject, the
// observation's own name says more.
std::string span_name_of(const GenAiView& view) {
  const Record& record = view.record;
  const std::string subject = subject_of(view);
  if (!view.operation.empty() && !subject.empty()) {
    return std::string(view.operation) + " " + subject;
  }
  if (!record.name.empty()) return record.name;
  return std::string(view.operation.empty() ? to_string(record.type) : view.operation);
}

void map_own(const GenAiView& view, LimitedSink& sink) {
  for (const auto& [key, json] : view.metadata.members()) {
    if (!is_own(key)) continue;
    map_json(key, json, sink);
    sink.reserve(key);
  }
}

void map_usage(const GenAiView& view, AttributeSink& sink, std::uint64_t& invalid) {
  const TokenCounts tokens = token_counts(view.record.usage_details);
  invalid += tokens.invalid;
  const auto count = [&sink](std::string_view key, const std::optional<std::int64_t>& value) {
    if (value) sink.integer(key, *value);
  };
  count(view.name(GenAi::InputTokens), tokens.input);
  count(view.name(GenAi::OutputTokens), tokens.output);
  count(view.name(GenAi::CacheReadTokens), tokens.cache_read);
  count(view.name(GenAi::CacheCreationTokens), tokens.cache_creation);
  count(view.name(GenAi::ReasoningTokens), tokens.reasoning);
  count("llmtrace.usage.input_audio_tokens", tokens.input_audio);
  count("llmtrace.usage.output_audio_tokens", tokens.output_audio);
  for (const auto& cost : view.record.cost_details.items()) {
    if (cost.value >= 0) {
      sink.number("llmtrace.cost." + cost.name, cost.value);
    } else {
      ++invalid;
    }
  }
}

void map_response(const GenAiView& view, AttributeSink& sink) {
  for (const auto& [key, attribute] : kMetadataNames) {
    if (attribute == GenAi::ToolDefinitions) continue;  // content
    const std::string_view json = view.metadata_json(key);
    if (!json.empty()) map_json(view.name(attribute), json, sink);
  }
  const Record& record = view.record;
  if (!record.completion_start_time) return;
  const std::chrono::duration<double> wait = *record.completion_start_time - record.start_time;
  if (wait.count() >= 0) sink.number(view.name(GenAi::TimeToFirstChunk), wait.count());
}

void map_model(const GenAiView& view, AttributeSink& sink, std::uint64_t& invalid) {
  const Record& record = view.record;
  sink.text(view.name(GenAi::OperationName), view.operation);
  sink.text(view.name(GenAi::ProviderName), record.provider);
  sink.text(view.name(GenAi::RequestModel), record.model);
  map_parameters(record.model_parameters, view.options.conventions, sink);
  map_usage(view, sink, invalid);
  map_response(view, sink);
  if (record.type == ObservationType::Tool) sink.text(view.name(GenAi::ToolName), record.name);
  if (record.type == ObservationType::Agent) sink.text(view.name(GenAi::AgentName), record.name);
}

// For those that show each kind of step in its own way.
std::string_view open_inference_kind(ObservationType type) noexcept {
  switch (type) {
    case ObservationType::Generation:
      return "LLM";
    case ObservationType::Embedding:
      return "EMBEDDING";
    case ObservationType::Agent:
      return "AGENT";
    case ObservationType::Tool:
      return "TOOL";
    case ObservationType::Retriever:
      return "RETRIEVER";
    case ObservationType::Evaluator:
      return "EVALUATOR";
    case ObservationType::Guardrail:
      return "GUARDRAIL";
    default:
      return "CHAIN";
  }
}

void map_observation(const GenAiView& view, std::string_view span_name, AttributeSink& sink) {
  const Record& record = view.record;
  sink.string("llmtrace.observation.type", to_string(record.type));
  sink.string("openinference.span.kind", open_inference_kind(record.type));
  if (record.name != span_name) sink.text("llmtrace.observation.name", record.name);
  if (record.level) sink.string("llmtrace.observation.level", to_string(*record.level));
  sink.text("error.type", error_type_of(record));
  if (record.level != Level::Error) {  // else the span's status has it
    sink.text("llmtrace.observation.status_message", record.status_message);
  }
  if (record.prompt) {
    sink.string("llmtrace.prompt.name", record.prompt->reference.name);
    sink.integer("llmtrace.prompt.version", record.prompt->reference.version);
  }
}

// Whether an observation's own metadata was sent under this key's name in the conventions' version
// already. "tools" is content: sent under its name or not at all.
bool has_name(std::string_view key, GenAiConventions version) noexcept {
  const auto known = std::find_if(kMetadataNames.begin(), kMetadataNames.end(),
                                  [key](const auto& pair) { return pair.first == key; });
  return is_own(key) ||
         (known != kMetadataNames.end() &&
          (known->second == GenAi::ToolDefinitions || !name_of(known->second, version).empty()));
}

template <class LeavesOut>
void map_members(const JsonMembers& metadata, std::string_view prefix, LeavesOut leaves_out,
                 AttributeSink& sink) {
  std::string path(prefix);
  for (const auto& [key, json] : metadata.members()) {
    if (leaves_out(key)) continue;
    path.resize(prefix.size());
    map_json(path.append(key), json, sink);
  }
}

// Of a trace or an event: nothing of it has another name. Tools are content here, too.
void map_metadata(const Json& metadata, std::string_view name, bool capture_content,
                  AttributeSink& sink) {
  if (metadata.is_absent()) return;
  if (metadata.is_string()) {  // a mask that failed left no object
    sink.string(name, metadata.text());
    return;
  }
  JsonMembers members;
  members.add(metadata.text());
  map_members(
      members, std::string(name) + ".",
      [capture_content](std::string_view key) { return key == kTools && !capture_content; }, sink);
}

void map_trace(const GenAiView& view, AttributeSink& sink) {
  const TraceAttributes* const trace = view.record.attributes.get();
  sink.text("llmtrace.version", !view.record.version.empty() ? view.record.version
                                : trace != nullptr           ? trace->version
                                                             : "");
  if (trace == nullptr) return;
  sink.text("user.id", trace->user_id);
  sink.text("session.id", trace->session_id);
  sink.text(view.name(GenAi::ConversationId), trace->session_id);
  sink.text("llmtrace.trace.name", trace->trace_name);
  sink.strings("llmtrace.tags", trace->tags);
  sink.text("deployment.environment.name", trace->environment);
  sink.text("llmtrace.release", trace->release_name);
  if (!view.record.prompt && !trace->prompt.name.empty() &&
      view.record.type == ObservationType::Generation) {
    sink.string("llmtrace.prompt.name", trace->prompt.name);
    sink.integer("llmtrace.prompt.version", trace->prompt.version);
  }
  map_metadata(trace->metadata, "llmtrace.trace.metadata", view.options.capture_content, sink);
}

}  // namespace

SpanHead GenAiMapper::head(const Record& record) {
  metadata_.clear();
  if (!record.metadata.is_string()) metadata_.add(record.metadata.text());
  dropped_ = {};
  operation_.clear();
  GenAiView view{record, metadata_, {}, options_};
  operation_ = view.metadata_text(view.name(GenAi::OperationName));
  if (operation_.empty()) operation_ = usual_operation(record.type, options_.conventions);
  view.operation = operation_;
  name_ = span_name_of(view);
  return {name_, is_model_call(record.type) ? SpanKind::Client : SpanKind::Internal, true};
}

// What the conventions define comes first, so that a limit leaves out what is the program's own.
std::uint64_t GenAiMapper::attributes(const Record& record, AttributeSink& target) {
  const GenAiView view{record, metadata_, operation_, options_};
  LimitedSink sink(target, options_.limits.span_attributes, options_.limits.value_length);
  std::uint64_t invalid = 0;
  map_own(view, sink);
  map_model(view, sink, invalid);
  map_observation(view, name_, sink);
  if (options_.capture_content) map_content(view, sink);
  map_trace(view, sink);
  if (record.metadata.is_string()) sink.string("llmtrace.metadata", record.metadata.text());
  map_members(
      metadata_, "llmtrace.metadata.",
      [this](std::string_view key) { return has_name(key, options_.conventions); }, sink);
  dropped_.attributes = sink.dropped();
  return invalid;
}

void GenAiMapper::events(const Record& record, EventSink& sink) {
  std::size_t count = 0;
  const auto add = [&](std::string_view name, Timestamp time, const WriteAttributes& write) {
    if (count++ >= options_.limits.span_events) {
      ++dropped_.events;
      return;
    }
    sink.event(name, time, [&](AttributeSink& target) {
      LimitedSink limited(target, options_.limits.event_attributes, options_.limits.value_length);
      write(limited);
    });
  };
  if (record.level == Level::Error && !record.status_message.empty()) {
    add("exception", record.end_time, [&record](AttributeSink& attributes) {
      attributes.string("exception.type", error_type_of(record));
      attributes.string("exception.message", error_message_of(record));
    });
  }
  if (!record.run) return;
  for (const RunFields::Event& event : record.run->events) {
    add(event.name, event.time, [this, &event](AttributeSink& attributes) {
      // Their fields may hold what the model said.
      if (options_.capture_content) {
        map_metadata(event.fields, "llmtrace.event", true, attributes);
      }
    });
  }
}

}  // namespace v0
}  // namespace llmtrace
