#include "samples/observability_service/completion_request.h"

#include <stdexcept>
#include <string>
#include <utility>

#include "samples/support/json_reader.h"

namespace service {
namespace {

using llmtrace::openai::Message;
using samples::member;
using samples::text_of;

[[noreturn]] void refuse(const std::string& reason) { throw std::invalid_argument(reason); }

Message read_message(const rapidjson::Value& message) {
  const rapidjson::Value& role = member(message, "role");
  const rapidjson::Value& content = member(message, "content");
  if (!role.IsString()) refuse("each of \"messages\" needs a \"role\", a string");
  if (content.IsString()) return {.role = text_of(role), .content = text_of(content)};
  if (!content.IsArray()) refuse("each of \"messages\" needs a \"content\", a string or an array");
  return {.role = text_of(role), .content = llmtrace::Json::from_text(text_of(content))};
}

std::vector<Message> read_messages(const rapidjson::Value& body) {
  const rapidjson::Value& prompt = member(body, "prompt");
  const rapidjson::Value& messages = member(body, "messages");
  if (prompt.IsNull() == messages.IsNull()) refuse("give either \"prompt\" or \"messages\"");
  if (prompt.IsString()) return {{.role = "user", .content = text_of(prompt)}};
  if (!prompt.IsNull()) refuse("\"prompt\" must be a string");
  if (!messages.IsArray() || messages.Empty()) refuse("\"messages\" must be an array of messages");
  std::vector<Message> all;
  for (const rapidjson::Value& message : samples::elements_of(messages)) {
    all.push_back(read_message(message));
  }
  return all;
}

bool read_stream(const rapidjson::Value& stream) {
  if (!stream.IsNull() && !stream.IsBool()) refuse("\"stream\" must be true or false");
  return stream.IsTrue();
}

CompletionRequest read(const rapidjson::Value& body) {
  CompletionRequest request;
  request.chat.messages = read_messages(body);
  request.stream = read_stream(member(body, "stream"));
  const rapidjson::Value& model = member(body, "model");
  if (!model.IsNull() && !model.IsString()) refuse("\"model\" must be a string");
  request.chat.model = text_of(model);
  const rapidjson::Value& temperature = member(body, "temperature");
  if (!temperature.IsNull() && !temperature.IsNumber()) refuse("\"temperature\" must be a number");
  if (temperature.IsNumber()) request.chat.temperature = temperature.GetDouble();
  const rapidjson::Value& max_tokens = member(body, "max_tokens");
  if (!max_tokens.IsNull() && (!max_tokens.IsInt64() || max_tokens.GetInt64() < 1)) {
    refuse("\"max_tokens\" must be an integer of at least 1");
  }
  if (max_tokens.IsInt64()) request.chat.max_tokens = max_tokens.GetInt64();
  return request;
}

}  // namespace

llmtrace::Result<CompletionRequest> read_completion_request(std::string_view body) {
  const auto document = samples::parse_json(body);
  if (!document) {
    return llmtrace::Error{"the body is not JSON, or is nested more than 64 deep", 400};
  }
  if (!document->IsObject()) return llmtrace::Error{"the body must be a JSON object", 400};
  try {
    return read(*document);
  } catch (const std::invalid_argument& error) {
    return llmtrace::Error{error.what(), 400};
  }
}

}  // namespace service
