#include "collector/langsmith/feedback_tokens_route.h"

#include <llmtrace/json_writer.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "collector/identifier.h"
#include "collector/iso_time.h"
#include "collector/json_reply.h"
#include "collector/langsmith/base_url.h"
#include "collector/langsmith/feedback_json.h"
#include "collector/langsmith/feedback_reader.h"
#include "collector/langsmith/json_fields.h"
#include "collector/langsmith/replies.h"
#include "collector/langsmith/uuid.h"
#include "common/src/json_text.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

constexpr std::array<std::string_view, 4> kRequestFields = {"run_id", "feedback_key", "expires_in",
                                                            "expires_at"};
constexpr std::array<std::string_view, 3> kDurationFields = {"days", "hours", "minutes"};
constexpr std::array<std::string_view, 1> kMetadataFields = {"metadata"};
constexpr std::int64_t kMinute = 60'000'000;  // in microseconds
constexpr std::int64_t kDefaultLifetime = 3 * 60 * kMinute;

std::int64_t lifetime(const JsonFields& fields) {
  const auto duration = fields.object("expires_in");
  if (!duration) return kDefaultLifetime;
  const JsonFields parts(*duration, "'expires_in'", kDurationFields);
  const auto part = [&](std::string_view name) {
    constexpr std::int64_t kMost = 1'000'000;
    const std::int64_t count = parts.integer(name).value_or(0);
    if (count < 0 || count > kMost) parts.reject(name, "must be 0 to 1000000");
    return count;
  };
  return ((part("days") * 24 + part("hours")) * 60 + part("minutes")) * kMinute;
}

FeedbackToken read_token(std::string_view json) {
  const JsonFields fields(json, "token", kRequestFields);
  const auto run_id = fields.uuid("run_id");
  const auto key = fields.text("feedback_key");
  if (!run_id) fields.reject("run_id", "is required");
  if (!key || key->empty()) fields.reject("feedback_key", "is required");
  return {.id = make_uuid(),
          .run_id = *run_id,
          .key = *key,
          .expires_us = fields.time_us("expires_at").value_or(now_us() + lifetime(fields))};
}

void write_token(const FeedbackToken& token, const std::string& base_url, JsonWriter& writer) {
  writer.object({{"id", token.id},
                 {"url", base_url + "/feedback/tokens/" + token.id},
                 {"expires_at", to_iso_text_us(token.expires_us)},
                 {"feedback_key", token.key}});
}

// A query value is JSON where it can be ("0.5", "true"), text everywhere else.
void add_scalar(std::string& json, const HttpRequest& request, std::string_view name) {
  const auto given = request.parameter(name);
  if (!given) return;
  json += json.size() > 1 ? "," : "";
  append_json_string(json, name);
  json += ':';
  const bool is_text = name == "comment" || name == "correction";
  if (!is_text && JsonValue::is_valid(*given)) {
    json += *given;
  } else {
    append_json_string(json, *given);
  }
}

}  // namespace

HttpResponse FeedbackTokensRoute::post(const HttpRequest& request) {
  return api_reply([&] {
    if (!is_json(request.body)) throw UnprocessableEntity("the body is not valid JSON");
    const std::string base_url = base_url_of(request);
    std::string json;
    JsonWriter writer(json);
    JsonArrayReader requests(request.body);
    std::string_view element;
    if (request.body.find_first_not_of(" \t\r\n") != request.body.find('[')) {
      const FeedbackToken token = read_token(request.body);
      store_.put(token);
      write_token(token, base_url, writer);
      return json_reply(200, std::move(json));
    }
    writer.begin_array();
    while (requests.next(element)) {
      const FeedbackToken token = read_token(element);
      store_.put(token);
      write_token(token, base_url, writer);
    }
    writer.end_array();
    return json_reply(200, std::move(json));
  });
}

HttpResponse FeedbackTokensRoute::give_by_get(const HttpRequest& request, std::string_view token) {
  std::string json = "{";
  for (const char* name : {"score", "value", "comment", "correction"}) {
    add_scalar(json, request, name);
  }
  return give(token, json + "}");
}

HttpResponse FeedbackTokensRoute::give_by_post(const HttpRequest& request, std::string_view token) {
  return give(token, request.body);
}

HttpResponse FeedbackTokensRoute::give(std::string_view token, std::string_view json) {
  return api_reply([&] {
    const auto id = read_uuid(token);
    const auto stored = id ? store_.token(*id) : std::nullopt;
    if (!stored) throw NotFound("Token not found");
    if (stored->expires_us <= now_us()) return detail_reply(403, "Token expired");
    if (!is_json(json)) throw UnprocessableEntity("the body is not valid JSON");
    const std::int64_t now = now_us();
    Feedback feedback{.id = make_uuid(),
                      .run_id = stored->run_id,
                      .key = stored->key,
                      .created_us = now,
                      .modified_us = now};
    update_feedback(feedback, json, "feedback");
    const auto metadata = JsonFields(json, "feedback", kMetadataFields).object("metadata");
    feedback.source = R"({"type":"app","metadata":)" + metadata.value_or("null") + "}";
    store_.put(std::move(feedback));
    return json_reply(200, "{}");
  });
}

}  // namespace llmtrace::collector
