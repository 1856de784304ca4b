// An answer from any server that speaks OpenAI's chat completions: llama.cpp, vLLM, the cloud.
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <utility>

#include "samples/rag_pipeline/answerer.h"
#include "samples/rag_pipeline/http_call.h"
#include "samples/rag_pipeline/text.h"
#include "samples/support/json_reader.h"

namespace rag {

using namespace samples;

namespace {

constexpr int kMaxTokens = 400;
constexpr std::size_t kShownErrorBytes = 300;
constexpr const char* kInstructions =
    "Answer the question from the given passages only, in at most three sentences. If they do not "
    "hold "
    "the answer, say so.";

std::string prompt_text(const std::string& question, const std::vector<Passage>& passages) {
  std::string prompt;
  for (const Passage& passage : passages) {
    prompt += passage.source() + ": " + passage.heading + "\n" + passage.text() + "\n\n";
  }
  return prompt + "Question: " + question;
}

std::string request_body(const std::string& model, const std::string& prompt) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  const auto message = [&writer](const char* role, const std::string& content) {
    writer.StartObject();
    writer.Key("role");
    writer.String(role);
    writer.Key("content");
    writer.String(content);
    writer.EndObject();
  };
  writer.StartObject();
  writer.Key("model");
  writer.String(model);
  writer.Key("messages");
  writer.StartArray();
  message("system", kInstructions);
  message("user", prompt);
  writer.EndArray();
  writer.Key("temperature");
  writer.Int(0);
  writer.Key("max_tokens");
  writer.Int(kMaxTokens);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

std::optional<Tokens> read_tokens(const rapidjson::Value& usage) {
  const rapidjson::Value& prompt = member(usage, "prompt_tokens");
  const rapidjson::Value& completion = member(usage, "completion_tokens");
  if (!prompt.IsInt64() || !completion.IsInt64()) return std::nullopt;
  const rapidjson::Value& details = member(usage, "prompt_tokens_details");
  const rapidjson::Value& cached = member(details, "cached_tokens");
  Tokens tokens{.output = completion.GetInt64()};
  // The endpoint's prompt_tokens includes the cached ones.
  tokens.cached_input = cached.IsInt64() ? cached.GetInt64() : 0;
  tokens.input = prompt.GetInt64() - tokens.cached_input;
  if (tokens.input < 0 || tokens.cached_input < 0 || tokens.output < 0) return std::nullopt;
  return tokens;
}

class OpenAiAnswerer final : public Answerer {
 public:
  OpenAiAnswerer(std::string base_url, std::string api_key, std::string model)
      : url_(std::move(base_url)), api_key_(std::move(api_key)), model_(std::move(model)) {
    while (url_.ends_with('/')) url_.pop_back();
    url_ += "/chat/completions";
  }

  Completion answer(const std::string& question, const std::vector<Passage>& passages) override {
    HttpCall call{.url = url_, .body = request_body(model_, prompt_text(question, passages))};
    if (!api_key_.empty()) call.headers.push_back("Authorization: Bearer " + api_key_);
    const HttpAnswer reply = perform(call);
    if (!reply.error.empty()) return failure(reply.error);
    if (reply.status != 200) {
      return failure("HTTP " + std::to_string(reply.status) + " " + reply.body);
    }
    return read(reply.body);
  }

  std::string kind() const override { return "llm"; }
  std::string description() const override {
    return model_ + " at " + url_ + "; tokens: " + token_rule();
  }
  std::string token_rule() const override { return "as the endpoint's reply says"; }
  llmtrace::Json model_parameters() const override {
    return {{"temperature", 0}, {"max_tokens", kMaxTokens}};
  }

 private:
  Completion read(const std::string& body) const {
    const auto document = parse_json(body);
    if (!document) return failure("the reply is not JSON");
    const auto choices = elements_of(member(*document, "choices"));
    if (choices.Empty()) return failure("the reply has no choices");
    const rapidjson::Value& content = member(member(choices[0], "message"), "content");
    if (!content.IsString()) return failure("the reply's message has no content");
    const std::string model = clean_text(text_of(member(*document, "model")));
    return {.text = clean_text(text_of(content)),
            .model = model.empty() ? model_ : model,
            .tokens = read_tokens(member(*document, "usage"))};
  }

  // Some servers repeat the key in their error text: it must reach neither the trace nor the
  // screen.
  Completion failure(std::string reason) const {
    std::size_t found = 0;
    while (!api_key_.empty() && (found = reason.find(api_key_)) != std::string::npos) {
      reason.replace(found, api_key_.size(), "***");
    }
    reason.resize(std::min(reason.size(), kShownErrorBytes));
    return {.model = model_, .error = squeeze(clean_text("POST " + url_ + ": " + reason))};
  }

  std::string url_;
  std::string api_key_;
  std::string model_;
};

}  // namespace

std::unique_ptr<Answerer> make_openai_answerer(std::string base_url, std::string api_key,
                                               std::string model) {
  return std::make_unique<OpenAiAnswerer>(std::move(base_url), std::move(api_key),
                                          std::move(model));
}

}  // namespace rag
