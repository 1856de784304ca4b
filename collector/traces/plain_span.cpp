#include "collector/traces/plain_span.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "collector/traces/flattened.h"
#include "common/src/json_text.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

using NamePair = std::pair<std::string_view, std::string_view>;

constexpr std::string_view kInput = "langfuse.observation.input";
constexpr std::string_view kOutput = "langfuse.observation.output";

const std::string* text_of(const OtlpAttributes& attributes, std::string_view name) {
  const auto found = attributes.find(name);
  return found == attributes.end() || found->second.text.empty() ? nullptr : &found->second.text;
}

const std::string* first_of(const OtlpAttributes& attributes,
                            std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (const std::string* text = text_of(attributes, name)) return text;
  }
  return nullptr;
}

// What the span already has under that name stays.
void put(OtlpAttributes& attributes, std::string_view name, std::string text) {
  attributes.try_emplace(std::string(name), OtlpValue{.text = std::move(text)});
}

void put(OtlpAttributes& attributes, std::string_view name, const std::string* text) {
  if (text != nullptr) put(attributes, name, *text);
}

// --- what kind of work it is

void translate_type(OtlpAttributes& attributes) {
  constexpr std::array<NamePair, 12> kTypes = {{{"workflow", "chain"},
                                                {"task", "chain"},
                                                {"agent", "agent"},
                                                {"tool", "tool"},
                                                {"RERANKER", "retriever"},
                                                {"PROMPT", "chain"},
                                                {"invoke_workflow", "chain"},
                                                {"retrieval", "retriever"},
                                                {"chat", "generation"},
                                                {"completion", "generation"},
                                                {"embedding", "embedding"},
                                                {"rerank", "retriever"}}};
  for (const std::string_view name : {"traceloop.span.kind", "openinference.span.kind",
                                      "gen_ai.operation.name", "llm.request.type"}) {
    const std::string* const kind = text_of(attributes, name);
    if (kind == nullptr) continue;
    for (const auto& [known, type] : kTypes) {
      if (known == *kind) return put(attributes, "langfuse.observation.type", std::string(type));
    }
  }
}

// --- messages

// One message per event, as conventions up to 1.36 have them.
std::optional<std::string> message_of(const OtlpEvent& event) {
  constexpr std::array<NamePair, 5> kRoles = {{{"gen_ai.system.message", "system"},
                                               {"gen_ai.user.message", "user"},
                                               {"gen_ai.assistant.message", "assistant"},
                                               {"gen_ai.tool.message", "tool"},
                                               {"gen_ai.choice", "assistant"}}};
  const auto role = std::find_if(kRoles.begin(), kRoles.end(),
                                 [&](const NamePair& pair) { return pair.first == event.name; });
  if (role == kRoles.end()) return std::nullopt;
  const std::string* const content =
      first_of(event.attributes, {"gen_ai.event.content", "content", "message"});
  if (content == nullptr) return std::nullopt;
  const auto json = JsonValue::parse(*content);
  if (json && json->is_object()) {
    const JsonValue& message = json->find("message") == nullptr ? *json : (*json)["message"];
    if (message.is_object() && message.find("role") != nullptr) return message.to_text();
    if (message.is_object() && !message.members().empty()) {
      std::string text = message.to_text();
      return "{\"role\":\"" + std::string(role->second) + "\"," + text.substr(1);
    }
  }
  std::string text = "{\"role\":\"" + std::string(role->second) + "\",\"content\":";
  append_json_string(text, *content);
  return text + '}';
}

void translate_events(OtlpSpan& span) {
  OtlpAttributes& attributes = span.attributes;
  std::string input;
  std::string output;
  for (const OtlpEvent& event : span.events) {
    if (event.name == "gen_ai.client.inference.operation.details") {
      for (const char* name :
           {"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"}) {
        put(attributes, name, text_of(event.attributes, name));
      }
    }
    if (event.name == "gen_ai.content.prompt") {
      put(attributes, kInput, text_of(event.attributes, "gen_ai.prompt"));
    } else if (event.name == "gen_ai.content.completion") {
      put(attributes, kOutput, text_of(event.attributes, "gen_ai.completion"));
    } else if (const auto message = message_of(event)) {
      std::string& list = event.name == "gen_ai.choice" ? output : input;
      list += (list.empty() ? "[" : ",") + *message;
    }
  }
  if (!input.empty()) put(attributes, kInput, input + ']');
  if (!output.empty()) put(attributes, kOutput, output + ']');
}

// What was put together is not shown a second time in pieces.
void erase_prefixed(OtlpAttributes& attributes, std::string_view prefix) {
  auto at = attributes.lower_bound(prefix);
  while (at != attributes.end() && at->first.starts_with(prefix)) at = attributes.erase(at);
}

void translate_messages(OtlpSpan& span) {
  OtlpAttributes& attributes = span.attributes;
  const auto put_list = [&](std::string_view name, std::string_view prefix) {
    auto list = unflattened(attributes, prefix);
    if (!list) return;
    put(attributes, name, std::move(*list));
    erase_prefixed(attributes, prefix);
  };
  for (const std::string_view prefix :
       {"llm.input_messages.", "gen_ai.prompt.", "embedding.embeddings."}) {
    put_list(kInput, prefix);
  }
  for (const std::string_view prefix :
       {"llm.output_messages.", "gen_ai.completion.", "retrieval.documents."}) {
    put_list(kOutput, prefix);
  }
  translate_events(span);
  const bool has_messages = text_of(attributes, "gen_ai.input.messages") != nullptr;
  if (!has_messages) {
    put(attributes, kInput,
        first_of(attributes,
                 {"traceloop.entity.input", "llm.prompts", "gen_ai.retrieval.query.text"}));
  }
  put(attributes, kOutput,
      first_of(attributes, {"traceloop.entity.output", "gen_ai.retrieval.documents"}));
}

// --- usage

std::optional<std::int64_t> count_of(const OtlpAttributes& attributes,
                                     std::initializer_list<std::string_view> names) {
  const std::string* const text = first_of(attributes, names);
  std::int64_t count = 0;
  if (text == nullptr) return std::nullopt;
  const auto result = std::from_chars(text->data(), text->data() + text->size(), count);
  if (result.ec != std::errc() || result.ptr != text->data() + text->size()) return std::nullopt;
  return count >= 0 ? std::optional(count) : std::nullopt;
}

// The conventions' sums include their parts; the buckets of an observation add up.
void take_part(std::map<std::string, std::int64_t>& usage, const std::string& sum,
               const std::string& part, std::optional<std::int64_t> count) {
  const auto whole = usage.find(sum);
  if (!count || *count == 0 || whole == usage.end()) return;
  usage[part] = std::min(*count, whole->second);
  whole->second -= usage[part];
}

void translate_usage(OtlpAttributes& attributes) {
  std::map<std::string, std::int64_t> usage;
  const auto count = [&](std::initializer_list<std::string_view> names) {
    return count_of(attributes, names);
  };
  if (const auto input = count({"gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens",
                                "llm.token_count.prompt", "llm.usage.prompt_tokens"})) {
    usage["input"] = *input;
  }
  if (const auto output = count({"gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens",
                                 "llm.token_count.completion", "llm.usage.completion_tokens"})) {
    usage["output"] = *output;
  }
  if (usage.empty()) return;
  take_part(usage, "input", "input_cached_tokens",
            count({"gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
                   "gen_ai.usage.details.cache_read_tokens",
                   "llm.token_count.prompt_details.cache_read"}));
  take_part(
      usage, "input", "input_cache_creation",
      count({"gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_write.input_tokens",
             "gen_ai.usage.cache_creation_input_tokens",
             "llm.token_count.prompt_details.cache_write"}));
  take_part(usage, "input", "input_audio_tokens", count({"llm.token_count.prompt_details.audio"}));
  take_part(usage, "output", "output_reasoning_tokens",
            count({"gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
                   "llm.token_count.completion_details.reasoning"}));
  take_part(usage, "output", "output_audio_tokens",
            count({"llm.token_count.completion_details.audio"}));
  std::string json;
  for (const auto& [bucket, tokens] : usage) {
    json += (json.empty() ? "{\"" : ",\"") + bucket + "\":" + std::to_string(tokens);
  }
  put(attributes, "langfuse.observation.usage_details", json + '}');
  put(attributes, "llm.cost.total", text_of(attributes, "gen_ai.usage.cost"));
  erase_prefixed(attributes, "llm.token_count.");
  erase_prefixed(attributes, "gen_ai.usage.");
}

// --- the rest

void translate_context(OtlpSpan& span) {
  OtlpAttributes& attributes = span.attributes;
  put(attributes, "user.id", first_of(attributes, {"enduser.id", "gen_ai.user.id"}));
  put(attributes, "session.id",
      first_of(attributes, {"traceloop.association.properties.session_id", "thread.id"}));
  put(attributes, "langfuse.trace.tags", text_of(attributes, "tag.tags"));
  put(attributes, "langfuse.observation.metadata", text_of(attributes, "metadata"));
  for (const OtlpEvent& event : span.events) {
    if (event.name != "exception") continue;
    const std::string* const message =
        first_of(event.attributes, {"exception.message", "exception.type"});
    if (message != nullptr && span.status_message.empty()) {
      put(attributes, "langfuse.observation.status_message", *message);
    }
  }
}

std::optional<std::int64_t> first_token_ms(const OtlpSpan& span) {
  const std::string* const seconds =
      first_of(span.attributes,
               {"gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token"});
  if (seconds == nullptr || !span.start_us) return std::nullopt;
  const auto number = JsonValue::parse(*seconds);
  constexpr double kMost = 1e6;  // seconds; an absurd number is no time
  if (!number || !number->is_number() || !(number->as_double() >= 0) ||
      number->as_double() > kMost) {
    return std::nullopt;
  }
  return *span.start_us / 1000 + static_cast<std::int64_t>(number->as_double() * 1000);
}

}  // namespace

Observation map_plain_span(OtlpSpan span, const OtlpScopeSpans& scope,
                           const OtlpAttributes& resource, std::int64_t received_ms,
                           SpanParts parts) {
  translate_type(span.attributes);
  if (parts != SpanParts::AllButContent) translate_messages(span);
  translate_usage(span.attributes);
  translate_context(span);
  Observation row = map_span(span, scope, resource, received_ms, parts);
  if (!row.completion_start_ms) row.completion_start_ms = first_token_ms(span);
  return row;
}

}  // namespace llmtrace::collector
