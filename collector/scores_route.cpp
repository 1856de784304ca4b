#include "collector/scores_route.h"

#include <llmtrace/json_writer.h>

#include <string>
#include <utility>
#include <vector>

#include "collector/body_reader.h"
#include "collector/iso_time.h"
#include "collector/json_body.h"
#include "collector/json_reply.h"
#include "collector/score_reader.h"

namespace llmtrace::collector {

HttpResponse ScoresRoute::post(const HttpRequest& request) {
  const auto body = read_json_body(request);
  if (!body) return invalid_json_reply();
  if (body->is_array() && behaviour_ == Behaviour::V4_59) return post_many(*body);
  return post_one(*body);
}

HttpResponse ScoresRoute::too_large() { return text_reply(413, "Body exceeded 1mb limit"); }

HttpResponse ScoresRoute::post_one(const JsonValue& body) {
  ScoreReading reading = read_score(body, EvalSource::Refused, now_ms());
  if (!reading.score) return invalid_data_reply(reading.issues);
  std::string reply;
  JsonWriter(reply).object({{"id", reading.score->id}});
  store_.put({.scores = {std::move(*reading.score)}});
  return json_reply(200, std::move(reply));
}

HttpResponse ScoresRoute::post_many(const JsonValue& array) {
  StoreBatch batch;
  std::string errors;
  JsonWriter writer(errors);
  writer.begin_array();
  const std::int64_t received_ms = now_ms();
  for (const JsonValue& element : array.elements()) {
    ScoreReading reading = read_score(element, EvalSource::Refused, received_ms);
    if (reading.score) {
      batch.scores.push_back(std::move(*reading.score));
    } else {
      writer.object({{"message", reading.issues.front().message}});
    }
  }
  writer.end_array();
  store_.put(batch);
  const std::size_t accepted = batch.scores.size();
  const std::size_t rejected = array.elements().size() - accepted;
  if (rejected == 0) return message_reply(202, "Accepted");
  return json_reply(207, "{\"accepted\":" + std::to_string(accepted) + ",\"rejected\":" +
                             std::to_string(rejected) + ",\"errors\":" + errors + "}");
}

}  // namespace llmtrace::collector
