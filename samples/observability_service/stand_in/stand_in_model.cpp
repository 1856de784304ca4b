#include "samples/observability_service/stand_in/stand_in_model.h"

#include <llmtrace/json.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "samples/observability_service/stand_in/answer_stream.h"
#include "samples/observability_service/stand_in/answer_text.h"

namespace stand_in {
namespace {

using llmtrace::Json;
using samples::elements_of;
using samples::member;
using samples::text_of;
using service::HttpResponse;

constexpr std::size_t kDimensions = 16;
constexpr int kMostDimensions = 4096;

HttpResponse failure(int status, std::string_view message) {
  return {.status = status,
          .body = Json{{"error", Json{{"message", message}, {"type", "stand_in"}}}}.to_text()};
}

// A message's content: a string, or parts of which some are text.
std::string content_text(const rapidjson::Value& message) {
  const rapidjson::Value& content = member(message, "content");
  if (content.IsString()) return text_of(content);
  std::string text;
  for (const rapidjson::Value& part : elements_of(content)) text += text_of(member(part, "text"));
  return text;
}

std::string id_of(std::string_view question) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "chatcmpl-%016llx",
                static_cast<unsigned long long>(hash_of(question)));
  return text.data();
}

std::optional<std::int64_t> integer(const rapidjson::Value& value) {
  return value.IsInt64() ? std::optional(value.GetInt64()) : std::nullopt;
}

}  // namespace

HttpResponse StandInModel::handle(const service::HttpRequest& request) {
  if (!pause_.wait(options_.delay)) return failure(503, "the stand-in is ending");
  if (is_to_fail()) return failure(options_.error_status, "a scripted fault");
  const auto body = samples::parse_json(request.body);
  const bool is_chat = request.path == "/v1/chat/completions";
  if (!is_chat && request.path != "/v1/embeddings") return failure(404, "no such route");
  if (request.method != "POST") return failure(405, "POST only");
  if (!body || !body->IsObject()) return failure(400, "the body is no JSON object");
  if (options_.garbage) return {.body = "<html>{\"choices\": [oh no"};
  return is_chat ? complete(*body) : embed(*body);
}

HttpResponse StandInModel::complete(const rapidjson::Value& request) {
  std::string question;
  std::int64_t prompt_tokens = 0;
  for (const rapidjson::Value& message : elements_of(member(request, "messages"))) {
    std::string text = content_text(message);
    prompt_tokens += count_tokens(text);
    question = std::move(text);  // the last one
  }
  const AnswerText answer = answer_to(question, integer(member(request, "max_tokens")));
  const std::string text = answer.text();
  const std::int64_t completion_tokens = count_tokens(text);
  const std::string named = text_of(member(request, "model"));
  const std::string& model = named.empty() ? options_.model : named;
  const char* const finish_reason = answer.is_whole ? "stop" : "length";
  const Json usage{{"prompt_tokens", prompt_tokens},
                   {"completion_tokens", completion_tokens},
                   {"total_tokens", prompt_tokens + completion_tokens},
                   {"cost", cost(prompt_tokens, completion_tokens)}};

  const rapidjson::Value& stream = member(request, "stream");
  if (stream.IsBool() && stream.GetBool()) {
    const rapidjson::Value& counts = member(member(request, "stream_options"), "include_usage");
    const bool is_counted = counts.IsBool() && counts.GetBool();
    AnswerStreamParams params{.id = id_of(question),
                              .model = model,
                              .pieces = answer.pieces,
                              .finish_reason = finish_reason,
                              .usage = is_counted ? usage : Json(),
                              .piece_delay = options_.token_delay,
                              .cut_after = options_.cut_after,
                              .stall_after = options_.stall_after};
    return {.content_type = "text/event-stream",
            .stream = std::make_unique<AnswerStream>(std::move(params), pause_)};
  }
  const Json choice{{"index", 0},
                    {"message", Json{{"role", "assistant"}, {"content", text}}},
                    {"finish_reason", finish_reason}};
  const Json reply{
      {"id", id_of(question)}, {"object", "chat.completion"},          {"created", 0},
      {"model", model},        {"choices", std::vector<Json>{choice}}, {"usage", usage}};
  return {.body = reply.to_text()};
}

HttpResponse StandInModel::embed(const rapidjson::Value& request) const {
  const rapidjson::Value& input = member(request, "input");
  std::vector<std::string> texts;
  if (input.IsString()) texts.push_back(text_of(input));
  for (const rapidjson::Value& text : elements_of(input)) texts.push_back(text_of(text));
  const rapidjson::Value& wanted = member(request, "dimensions");
  const bool is_given = wanted.IsInt() && wanted.GetInt() > 0 && wanted.GetInt() <= kMostDimensions;
  const std::size_t dimensions = is_given ? static_cast<std::size_t>(wanted.GetInt()) : kDimensions;
  std::vector<Json> data;
  std::int64_t tokens = 0;
  for (const std::string& text : texts) {
    tokens += count_tokens(text);
    data.push_back({{"object", "embedding"},
                    {"index", data.size()},
                    {"embedding", embedding_of(text, dimensions)}});
  }
  const std::string named = text_of(member(request, "model"));
  const Json usage{{"prompt_tokens", tokens}, {"total_tokens", tokens}, {"cost", cost(tokens, 0)}};
  const Json reply{{"object", "list"},
                   {"model", named.empty() ? options_.model : named},
                   {"data", data},
                   {"usage", usage}};
  return {.body = reply.to_text()};
}

// Of every 1 / rate requests the last.
bool StandInModel::is_to_fail() {
  const auto number = static_cast<double>(requests_++);
  return std::floor((number + 1) * options_.error_rate) > std::floor(number * options_.error_rate);
}

double StandInModel::cost(std::int64_t input_tokens, std::int64_t output_tokens) const {
  return (static_cast<double>(input_tokens) * options_.input_price +
          static_cast<double>(output_tokens) * options_.output_price) /
         1e6;
}

}  // namespace stand_in
