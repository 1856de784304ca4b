#include "common/src/otlp_exporter/genai_messages.h"

#include "common/src/json_text.h"
#include "common/src/json_value.h"

namespace llmtrace {
inline namespace v0 {
namespace {

// Writes the parts of one message.
class Parts {
 public:
  explicit Parts(std::string& out) : out_(out) {}

  void text(std::string_view type, std::string_view content) {
    begin(type);
    member("content", content);
    end();
  }
  void raw(const JsonValue& part) {
    separate();
    out_.append(part.to_text());
  }
  void tool_call(const JsonValue& id, std::string_view name, const JsonValue& arguments) {
    begin("tool_call");
    if (id.is_string()) member("id", id.as_string());
    member("name", name);
    // OpenAI gives the arguments as the text of a JSON object.
    const auto object = arguments.is_string() ? JsonValue::parse(arguments.as_string())
                                              : std::optional<JsonValue>(arguments);
    value("arguments", object && object->is_object() ? *object : arguments);
    end();
  }
  void tool_response(const JsonValue& id, const JsonValue& response, const JsonValue& is_error) {
    begin("tool_call_response");
    if (id.is_string()) member("id", id.as_string());
    value("response", response);
    if (!is_error.is_null()) value("is_error", is_error);
    end();
  }
  void uri(std::string_view modality, std::string_view uri) {
    constexpr std::string_view kBase64 = ";base64,";
    const std::size_t marker = uri.find(kBase64);
    const bool is_data = uri.starts_with("data:") && marker != std::string_view::npos;
    if (is_data) {
      blob(modality, uri.substr(5, marker - 5), uri.substr(marker + kBase64.size()));
      return;
    }
    begin("uri");
    member("modality", modality);
    member("uri", uri);
    end();
  }
  void blob(std::string_view modality, std::string_view mime_type, std::string_view base64) {
    begin("blob");
    member("modality", modality);
    member("mime_type", mime_type);
    member("content", base64);
    end();
  }

 private:
  void separate() {
    if (any_) out_.push_back(',');
    any_ = true;
  }
  void begin(std::string_view type) {
    separate();
    out_.append("{\"type\":");
    append_json_string(out_, type);
  }
  void member(std::string_view key, std::string_view text) {
    out_.append(",\"").append(key).append("\":");
    append_json_string(out_, text);
  }
  void value(std::string_view key, const JsonValue& json) {
    out_.append(",\"").append(key).append("\":").append(json.to_text());
  }
  void end() { out_.push_back('}'); }

  std::string& out_;
  bool any_ = false;
};

// One element of a content list. What is not known stays as it is: the conventions allow parts of
// other types.
void append_part(const JsonValue& part, Parts& parts) {
  const std::string& type = part["type"].as_string();
  if (part.is_string()) {
    parts.text("text", part.as_string());
  } else if (part["text"].is_string() && type.ends_with("text")) {  // input_text, output_text
    parts.text("text", part["text"].as_string());
  } else if (type == "refusal") {
    parts.text("text", part["refusal"].as_string());
  } else if (type == "thinking") {
    parts.text("reasoning", part["thinking"].as_string());
  } else if (type == "image_url") {
    const JsonValue& image = part["image_url"];
    parts.uri("image", image.is_string() ? image.as_string() : image["url"].as_string());
  } else if (type == "image" && part["source"]["type"].as_string() == "base64") {
    const JsonValue& source = part["source"];
    parts.blob("image", source["media_type"].as_string(), source["data"].as_string());
  } else if (type == "input_audio") {
    const JsonValue& audio = part["input_audio"];
    parts.blob("audio", "audio/" + audio["format"].as_string(), audio["data"].as_string());
  } else if (type == "tool_use") {
    parts.tool_call(part["id"], part["name"].as_string(), part["input"]);
  } else if (type == "tool_result") {
    parts.tool_response(part["tool_use_id"], part["content"], part["is_error"]);
  } else if (part.is_object() && !type.empty()) {
    parts.raw(part);
  } else {
    parts.text("text", part.to_text());
  }
}

void append_content(const JsonValue& content, Parts& parts) {
  if (content.is_array()) {
    for (const JsonValue& part : content.elements()) append_part(part, parts);
  } else if (content.is_string()) {
    if (!content.as_string().empty()) parts.text("text", content.as_string());
  } else if (!content.is_null()) {
    append_part(content, parts);
  }
}

void append_parts(const JsonValue& message, Parts& parts) {
  if (message["parts"].is_array()) {  // the conventions' own form already
    for (const JsonValue& part : message["parts"].elements()) append_part(part, parts);
    return;
  }
  if (const std::string& thought = message["reasoning_content"].as_string(); !thought.empty()) {
    parts.text("reasoning", thought);
  }
  if (message["role"].as_string() == "tool") {
    parts.tool_response(message["tool_call_id"], message["content"], JsonValue());
  } else {
    append_content(message["content"], parts);
  }
  if (const std::string& refusal = message["refusal"].as_string(); !refusal.empty()) {
    parts.text("text", refusal);
  }
  if (const std::string& said = message["audio"]["transcript"].as_string(); !said.empty()) {
    parts.text("text", said);
  }
  if (const JsonValue& call = message["function_call"]; call.is_object()) {  // before tools
    parts.tool_call(JsonValue(), call["name"].as_string(), call["arguments"]);
  }
  for (const JsonValue& call : message["tool_calls"].elements()) {
    const JsonValue& function = call["function"];
    parts.tool_call(call["id"], function["name"].as_string(), function["arguments"]);
  }
}

// The conventions' word for a reason of OpenAI's or Anthropic's API.
std::string_view conventional(std::string_view reason) noexcept {
  if (reason == "tool_calls" || reason == "function_call" || reason == "tool_use") {
    return "tool_call";
  }
  if (reason == "end_turn" || reason == "stop_sequence") return "stop";
  if (reason == "max_tokens") return "length";
  return reason == "refusal" ? "content_filter" : reason;
}

// What a message says of its own end.
const std::string& stated_reason(const JsonValue& message) noexcept {
  const std::string& reason = message["finish_reason"].as_string();
  return reason.empty() ? message["stop_reason"].as_string() : reason;
}

// Writes a list of messages.
class Messages {
 public:
  Messages(Direction direction, const std::vector<std::string>& finish_reasons,
           std::string_view otherwise)
      : direction_(direction), finish_reasons_(finish_reasons), otherwise_(otherwise) {}

  /// `stated` is the finish reason that the message itself names; empty: none.
  template <class WriteParts>
  void add(std::string_view role, std::string_view stated, WriteParts write) {
    out_.append(count_ == 0 ? "{\"role\":" : ",{\"role\":");
    append_json_string(out_, role);
    out_.append(",\"parts\":[");
    Parts parts(out_);
    write(parts);
    out_.push_back(']');
    if (direction_ == Direction::Output) append_finish_reason(stated);
    out_.push_back('}');
    ++count_;
  }
  std::string take() { return std::move(out_.append("]")); }

 private:
  void append_finish_reason(std::string_view stated) {
    std::string_view reason = stated.empty() ? otherwise_ : stated;
    if (count_ < finish_reasons_.size()) reason = finish_reasons_[count_];
    out_.append(",\"finish_reason\":");
    append_json_string(out_, conventional(reason));
  }

  const Direction direction_;
  const std::vector<std::string>& finish_reasons_;
  const std::string_view otherwise_;
  std::string out_ = "[";
  std::size_t count_ = 0;
};

bool is_message(const JsonValue& value) noexcept { return value["role"].is_string(); }

bool are_messages(const JsonValue& value) noexcept {
  if (value.elements().empty()) return false;
  for (const JsonValue& element : value.elements()) {
    if (!is_message(element)) return false;
  }
  return true;
}

}  // namespace

std::string instructions_of(const Json& value) {
  if (value.is_string() || !value.text().starts_with('{')) return {};
  std::string out = "[";
  const JsonValue json = JsonValue::parse(value.text()).value_or(JsonValue());
  Parts parts(out);
  append_content(json["system"], parts);        // Anthropic's Messages
  append_content(json["instructions"], parts);  // OpenAI's Responses
  return out.size() > 1 ? out + "]" : std::string();
}

std::string messages_of(const Json& value, Direction direction,
                        const std::vector<std::string>& finish_reasons,
                        std::string_view otherwise) {
  Messages messages(direction, finish_reasons, otherwise);
  const auto add = [&messages](const JsonValue& message) {
    messages.add(message["role"].as_string(), stated_reason(message),
                 [&message](Parts& parts) { append_parts(message, parts); });
  };
  const JsonValue json =
      value.is_string() ? JsonValue() : JsonValue::parse(value.text()).value_or(JsonValue());
  const JsonValue& list = are_messages(json["messages"]) ? json["messages"] : json;
  if (are_messages(list)) {
    for (const JsonValue& message : list.elements()) add(message);
  } else if (is_message(json)) {
    add(json);
  } else {
    messages.add(direction == Direction::Input ? "user" : "assistant", "",
                 [&value](Parts& parts) { parts.text("text", value.text()); });
  }
  return messages.take();
}

}  // namespace v0
}  // namespace llmtrace
