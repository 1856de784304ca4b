#include "integrations/openai/src/wire.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/src/json_text.h"

namespace llmtrace {
inline namespace v0 {
namespace openai {
namespace {

void write_calls(JsonWriter& writer, const std::vector<ToolCall>& calls) {
  writer.key("tool_calls");
  writer.begin_array();
  for (const ToolCall& call : calls) {
    writer.begin_object();
    writer.key("id");
    writer.string(call.id);
    writer.key("type");
    writer.string("function");
    writer.key("function");
    writer.object({{"name", call.name}, {"arguments", call.arguments}});
    writer.end_object();
  }
  writer.end_array();
}

template <class Value>
void write(JsonWriter& writer, std::string_view name, const std::optional<Value>& value) {
  if (!value) return;
  writer.key(name);
  writer.value(*value);
}

void write(JsonWriter& writer, std::string_view name, const Json& value) {
  if (value.is_absent()) return;
  writer.key(name);
  writer.value(value);
}

void write_parameters(JsonWriter& writer, const ChatRequest& request, bool streamed) {
  write(writer, "temperature", request.temperature);
  write(writer, "top_p", request.top_p);
  write(writer, "max_tokens", request.max_tokens);
  write(writer, "seed", request.seed);
  if (!request.stop.empty()) {
    writer.key("stop");
    writer.value(request.stop.items());
  }
  write(writer, "tool_choice", request.tool_choice);
  write(writer, "response_format", request.response_format);
  if (!streamed) return;
  writer.key("stream");
  writer.boolean(true);
  writer.key("stream_options");
  writer.object({{"include_usage", true}});
}

}  // namespace

void to_json(JsonWriter& writer, const Message& message) {
  writer.begin_object();
  writer.key("role");
  writer.string(message.role);
  writer.key("content");
  writer.value(message.content);
  if (!message.tool_calls.empty()) write_calls(writer, message.tool_calls);
  if (!message.tool_call_id.empty()) {
    writer.key("tool_call_id");
    writer.string(message.tool_call_id);
  }
  writer.end_object();
}

Json object_or_absent(std::string text) {
  return text == "{}" ? Json() : Json::from_valid_text(std::move(text));
}

namespace {

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

namespace {

// Not by a conversion, which would send the model "<error: ...>" where there is no memory.
Json messages_json(const std::vector<Message>& messages) {
  std::string text;
  JsonWriter writer(text);
  writer.begin_array();
  for (const Message& message : messages) to_json(writer, message);
  writer.end_array();
  return Json::from_valid_text(std::move(text), writer.levels());
}

}  // namespace

ChatPieces pieces_of(const ChatRequest& request, bool streamed) {
  std::string parameters;
  JsonWriter writer(parameters);
  writer.begin_object();
  write_parameters(writer, request, streamed);
  writer.end_object();
  return {.messages = messages_json(request.messages),
          .tools = request.tools,
          .parameters = object_or_absent(std::move(parameters))};
}

std::string request_body(const ChatRequest& request, const ChatPieces& pieces) {
  std::string body = "{\"model\":";
  append_json_string(body, request.model);
  body += ",\"messages\":";
  body += pieces.messages.text();
  if (!pieces.tools.is_absent()) {
    body += ",\"tools\":";
    append_json(body, pieces.tools);
  }
  if (pieces.parameters.is_absent()) {
    body += '}';
  } else {
    body += ',';
    body.append(pieces.parameters.text(), 1);  // its members, and the brace that closes both
  }
  if (request.extra.is_absent()) return body;
  Json merged = Json::from_valid_text(std::move(body));
  merged.merge(request.extra);
  return std::move(merged).text();
}

std::string request_body(const EmbeddingRequest& request) {
  std::string body;
  JsonWriter writer(body);
  writer.begin_object();
  writer.key("model");
  writer.string(request.model);
  writer.key("input");
  writer.value(request.input.items());
  write(writer, "dimensions", request.dimensions);
  writer.end_object();
  return body;
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
  const auto& items = reply["data"].elements();
  embeddings.vectors.resize(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const JsonValue& index = items[i]["index"];  // not every endpoint keeps the input's order
    const auto place = index.is_integer() ? static_cast<std::size_t>(count_of(index)) : i;
    if (place >= items.size()) return std::nullopt;
    for (const JsonValue& number : items[i]["embedding"].elements()) {
      embeddings.vectors[place].push_back(static_cast<float>(number.as_double()));
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

void write_output(JsonWriter& writer, const Choice& choice) {
  writer.begin_object();
  writer.key("role");
  writer.string("assistant");
  writer.key("content");
  writer.string(choice.text);
  if (!choice.refusal.empty()) {
    writer.key("refusal");
    writer.string(choice.refusal);
  }
  if (!choice.reasoning.empty()) {
    writer.key("reasoning_content");
    writer.string(choice.reasoning);
  }
  if (!choice.tool_calls.empty()) write_calls(writer, choice.tool_calls);
  writer.end_object();
}

}  // namespace

Json output_of(const ChatCompletion& completion) {
  std::string text;
  JsonWriter writer(text);
  const bool is_one = completion.choices.size() == 1;
  if (!is_one) writer.begin_array();
  for (const Choice& choice : completion.choices) write_output(writer, choice);
  if (!is_one) writer.end_array();
  return Json::from_valid_text(std::move(text));
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
