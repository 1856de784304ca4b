#include "collector/score_reader.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "collector/body_reader.h"
#include "collector/character_count.h"
#include "collector/environment_name.h"
#include "collector/identifier.h"

namespace llmtrace::collector {
namespace {

constexpr std::size_t kMaxTextCharacters = 500;

void read_target(BodyReader& body, Score& score) {
  score.trace_id = body.text("traceId");
  score.observation_id = body.text("observationId");
  score.session_id = body.text("sessionId");
  score.dataset_run_id = body.text("datasetRunId");
  const int targets =
      (score.trace_id ? 1 : 0) + (score.session_id ? 1 : 0) + (score.dataset_run_id ? 1 : 0);
  if (targets != 1) {
    body.reject("", "Provide exactly one of the following: traceId, sessionId or datasetRunId.");
  } else if (score.observation_id && !score.trace_id) {
    body.reject("observationId", "observationId needs traceId.");
  }
}

std::string inferred_type(const JsonValue& value) {
  return value.is_number() ? "NUMERIC" : "CATEGORICAL";
}

void read_number(BodyReader& body, Score& score) {
  const JsonValue& value = body.value("value");
  if (!value.is_number()) {
    return body.reject("value", "Invalid input: expected number for " + score.data_type);
  }
  score.number = value.as_double();
  if (score.data_type == "BOOLEAN" && *score.number != 0 && *score.number != 1) {
    body.reject("value", "Value must be either 0 or 1 for data type BOOLEAN");
  }
}

void read_text(BodyReader& body, Score& score) {
  const JsonValue& value = body.value("value");
  if (!value.is_string()) {
    return body.reject("value", "Invalid input: expected string for " + score.data_type);
  }
  score.text = value.as_string();
  const bool has_bad_length =
      score.text->empty() || character_count(*score.text) > kMaxTextCharacters;
  if (score.data_type == "TEXT" && has_bad_length) {
    body.reject("value", "Text must have 1 to 500 characters");
  }
}

void read_value(BodyReader& body, Score& score) {
  const auto type =
      body.choice("dataType", {"NUMERIC", "CATEGORICAL", "BOOLEAN", "TEXT", "CORRECTION"});
  const JsonValue& value = body.value("value");
  score.data_type = type.value_or(inferred_type(value));
  if (!value.is_number() && !value.is_string()) {
    body.reject("value", "Invalid input: expected string or number; send 1 or 0 for a boolean");
  } else if (score.data_type == "NUMERIC" || score.data_type == "BOOLEAN") {
    read_number(body, score);
  } else {
    read_text(body, score);
  }
}

void read_name(BodyReader& body, Score& score) {
  score.name = body.text("name").value_or("");
  if (score.name.empty()) body.reject("name", "Invalid input: expected a non-empty string");
}

void read_correction(BodyReader& body, Score& score) {
  if (score.data_type != "CORRECTION") return;
  score.name = "output";
  if (score.config_id) body.reject("configId", "A CORRECTION has no configId");
  if (!score.trace_id) body.reject("traceId", "A CORRECTION is about a trace or an observation");
}

void read_source(BodyReader& body, EvalSource eval, Score& score) {
  score.source = body.choice("source", {"API", "ANNOTATION", "EVAL"}).value_or("API");
  if (score.source == "EVAL" && eval == EvalSource::Refused) {
    body.reject("source", "EVAL is reserved for internal evaluators");
  }
  if (eval == EvalSource::Refused && score.source == "ANNOTATION" && !score.config_id &&
      score.data_type != "CORRECTION") {
    body.reject("configId", "source ANNOTATION needs a configId");
  }
}

}  // namespace

ScoreReading read_score(const JsonValue& json, EvalSource eval, std::int64_t received_ms) {
  if (!json.is_object()) return {.issues = {not_an_object(json)}};
  BodyReader body(json);
  Score score;
  score.id = body.text("id").value_or(make_uuid());
  read_target(body, score);
  read_name(body, score);
  read_value(body, score);
  score.comment = body.text("comment");
  score.config_id = body.text("configId");
  score.queue_id = body.text("queueId");
  score.environment = environment_name(body.text("environment").value_or("default"));
  const JsonValue& metadata = body.object("metadata");
  if (!metadata.is_null()) score.metadata = metadata.to_text();
  read_correction(body, score);
  read_source(body, eval, score);
  score.timestamp_ms = score.created_ms = score.updated_ms = received_ms;
  if (!body.is_valid()) return {.issues = body.issues()};
  return {.score = std::move(score)};
}

}  // namespace llmtrace::collector
