#include "integrations/openai/src/wire.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace llmtrace {
inline namespace v0 {
namespace openai {
namespace {

Json call_json(const ToolCall& call) {
  return {{"id", call.id},
          {"type", "function"},
          {"function", Json{{"name", call.name}, {"arguments", call.arguments}}}};
}

Json calls_json(const std::vector<ToolCall>& calls) {
  std::vector<Json> all;
  for (const ToolCall& call : calls) all.push_back(call_json(call));
  return all;
}

Json message_json(const Message& message) {
  Json json{{"role", message.role}, {"content", message.content}};
  if (!message.tool_calls.empty()) json.merge({{"tool_calls", calls_json(message.tool_calls)}});
  if (!message.tool_call_id.empty()) json.merge({{"tool_call_id", message.tool_call_id}});
  return json;
}

Json messages_json(const std::vector<Message>& messages) {
  std::vector<Json> all;
  for (const Message& message : messages) all.push_back(message_json(message));
  return all;
}

template <class Value>
void add(Json& body, std::string_view name, const std::optional<Value>& value) {
  if (value) body.merge({{name, *value}});
}

void add(Json& body, std::string_view name, const Json& value) {
  if (!value.is_absent()) body.merge({{name, value}});
}

std::int64_t count_of(const JsonValue& value) {
  return std::max<std::int64_t>(0, value.as_integer());
}

ToolCall read_call(const JsonValue& call) {
  const JsonValue& function = call["function"];
  return {.id = call["id"].as_string(),
          .name = function["name"].as_string(),
          .arguments = function["arguments"].as_string()};
}

}  // namespace

std::string request_body(const ChatRequest& request, bool streamed) {
  Json body{{"model", request.model}, {"messages", messages_json(request.messages)}};
  add(body, "temperature", request.temperature);
  add(body, "top_p", request.top_p);
  add(body, "max_tokens", request.max_tokens);
  add(body, "seed", request.seed);
  if (!request.stop.empty()) body.merge({{"stop", request.stop.items()}});
  add(body, "tools", request.tools);
  add(body, "tool_choice", request.tool_choice);
  add(body, "response_format", request.response_format);
  body.merge(request.extra);
  if (streamed) body.merge({{"stream", true}, {"stream_options", Json{{"include_usage", true}}}});
  return body.to_text();
}

std::string request_body(const EmbeddingRequest& request) {
  Json body{{"model", request.model}, {"input", request.input.items()}};
  add(body, "dimensions", request.dimensions);
  return body.to_text();
}

std::optional<Usage> read_usage(const JsonValue& reply) {
  const JsonValue& usage = reply["usage"];
  if (!usage["prompt_tokens"].is_integer()) return std::nullopt;
  return Usage{.prompt_tokens = count_of(usage["prompt_tokens"]),
               .completion_tokens = count_of(usage["completion_tokens"]),
               .cached_tokens = std::min(count_of(usage["prompt_tokens"]),
                                         count_of(usage["prompt_tokens_details"]["cached_tokens"])),
               .reasoning_tokens =
                   std::min(count_of(usage["completion_tokens"]),
                            count_of(usage["completion_tokens_details"]["reasoning_tokens"]))};
}

std::optional<double> read_cost(const JsonValue& reply) {
  const JsonValue& cost = reply["usage"]["cost"];
  if (!cost.is_number() || !(cost.as_double() >= 0)) return std::nullopt;
  return cost.as_double();
}

std::string read_error(const JsonValue& reply) {
  const JsonValue& error = reply["error"];
  if (error.is_string()) return error.as_string();
  const std::string& message = error["message"].as_string();
  return message.empty() && error.is_object() ? error.to_text() : message;
}

std::optional<ChatCompletion> read_completion(const JsonValue& reply) {
  if (!reply["choices"].is_array()) return std::nullopt;
  ChatCompletion completion{.id = reply["id"].as_string(),
                            .model = reply["model"].as_string(),
                            .usage = read_usage(reply),
                            .cost = read_cost(reply)};
  for (const JsonValue& choice : reply["choices"].elements()) {
    const JsonValue& message = choice["message"];
    Choice& read = completion.choices.emplace_back();
    read.text = message["content"].as_string();
    read.refusal = message["refusal"].as_string();
    read.reasoning = message["reasoning_content"].as_string();
    read.finish_reason = choice["finish_reason"].as_string();
    for (const JsonValue& call : message["tool_calls"].elements()) {
      read.tool_calls.push_back(read_call(call));
    }
  }
  return completion;
}

std::optional<Embeddings> read_embeddings(const JsonValue& reply) {
  if (!reply["data"].is_array()) return std::nullopt;
  Embeddings embeddings{
      .model = reply["model"].as_string(), .usage = read_usage(reply), .cost = read_cost(reply)};
  for (const JsonValue& item : reply["data"].elements()) {
    std::vector<float>& vector = embeddings.vectors.emplace_back();
    vector.reserve(item["embedding"].elements().size());
    for (const JsonValue& number : item["embedding"].elements()) {
      vector.push_back(static_cast<float>(number.as_double()));
    }
  }
  return embeddings;
}

std::string ChunkReader::add(const JsonValue& chunk) {
  if (completion_.id.empty()) completion_.id = chunk["id"].as_string();
  if (completion_.model.empty()) completion_.model = chunk["model"].as_string();
  if (auto usage = read_usage(chunk)) completion_.usage = usage;
  if (auto cost = read_cost(chunk)) completion_.cost = cost;
  std::string added;
  for (const JsonValue& choice : chunk["choices"].elements()) added += add_choice(choice);
  return added;
}

std::string ChunkReader::add_choice(const JsonValue& value) {
  const auto index = static_cast<std::size_t>(count_of(value["index"]));
  if (index >= kMostChoices) return {};
  if (completion_.choices.size() <= index) completion_.choices.resize(index + 1);
  Choice& choice = completion_.choices[index];
  const JsonValue& delta = value["delta"];
  const std::string& text = delta["content"].as_string();
  choice.text += text;
  choice.refusal += delta["refusal"].as_string();
  choice.reasoning += delta["reasoning_content"].as_string();
  for (const JsonValue& call : delta["tool_calls"].elements()) add_tool_call(choice, call);
  if (value["finish_reason"].is_string()) choice.finish_reason = value["finish_reason"].as_string();
  // The first chunk often says only whose turn it is.
  has_begun_ = has_begun_ || !choice.text.empty() || !choice.refusal.empty() ||
               !choice.reasoning.empty() || !choice.tool_calls.empty();
  return index == 0 ? text : std::string();
}

void ChunkReader::add_tool_call(Choice& choice, const JsonValue& call) {
  const auto index = static_cast<std::size_t>(count_of(call["index"]));
  if (index >= kMostToolCalls) return;
  if (choice.tool_calls.size() <= index) choice.tool_calls.resize(index + 1);
  const ToolCall piece = read_call(call);
  choice.tool_calls[index].id += piece.id;
  choice.tool_calls[index].name += piece.name;
  choice.tool_calls[index].arguments += piece.arguments;
}

bool ChunkReader::is_finished() const noexcept {
  return !completion_.choices.empty() &&
         std::none_of(completion_.choices.begin(), completion_.choices.end(),
                      [](const Choice& choice) { return choice.finish_reason.empty(); });
}

namespace {

Json output_of(const Choice& choice) {
  Json message{{"role", "assistant"}, {"content", choice.text}};
  if (!choice.refusal.empty()) message.merge({{"refusal", choice.refusal}});
  if (!choice.reasoning.empty()) message.merge({{"reasoning_content", choice.reasoning}});
  if (!choice.tool_calls.empty()) message.merge({{"tool_calls", calls_json(choice.tool_calls)}});
  return message;
}

}  // namespace

Json output_of(const ChatCompletion& completion) {
  if (completion.choices.size() == 1) return output_of(completion.choices.front());
  std::vector<Json> messages;
  for (const Choice& choice : completion.choices) messages.push_back(output_of(choice));
  return messages;
}

UsageDetails usage_details_of(const Usage& usage) {
  UsageDetails details{{"input", usage.prompt_tokens - usage.cached_tokens},
                       {"output", usage.completion_tokens - usage.reasoning_tokens},
                       {"total", usage.prompt_tokens + usage.completion_tokens}};
  if (usage.cached_tokens > 0) details.merge({{"input_cached_tokens", usage.cached_tokens}});
  if (usage.reasoning_tokens > 0) {
    details.merge({{"output_reasoning_tokens", usage.reasoning_tokens}});
  }
  return details;
}

namespace {

const Choice& first_choice(const ChatCompletion& completion) noexcept {
  static const Choice& none = *new Choice;
  return completion.choices.empty() ? none : completion.choices.front();
}

}  // namespace

const std::string& ChatCompletion::text() const noexcept { return first_choice(*this).text; }
const std::vector<ToolCall>& ChatCompletion::tool_calls() const noexcept {
  return first_choice(*this).tool_calls;
}
const std::string& ChatCompletion::finish_reason() const noexcept {
  return first_choice(*this).finish_reason;
}

}  // namespace openai
}  // namespace v0
}  // namespace llmtrace
