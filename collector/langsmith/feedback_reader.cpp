#include "collector/langsmith/feedback_reader.h"

#include <array>
#include <utility>

#include "collector/character_count.h"
#include "collector/identifier.h"

namespace llmtrace::collector {
namespace {

constexpr std::size_t kMaxKeyCharacters = 180;
constexpr std::array<std::string_view, 14> kFields = {"id",
                                                      "run_id",
                                                      "trace_id",
                                                      "session_id",
                                                      "start_time",
                                                      "key",
                                                      "score",
                                                      "value",
                                                      "comment",
                                                      "correction",
                                                      "feedback_source",
                                                      "extra",
                                                      "feedback_group_id",
                                                      "comparative_experiment_id"};

void read_judgement(const JsonFields& fields, Feedback& feedback) {
  if (auto score = fields.any("score", "-0123456789tf", "a number, true or false")) {
    feedback.score = std::move(score);
  }
  if (auto value = fields.any("value", "-0123456789tf\"{", "a scalar or an object")) {
    feedback.value = std::move(value);
  }
  if (auto comment = fields.text("comment")) feedback.comment = std::move(comment);
  if (auto correction = fields.any("correction", "{\"", "an object or a string")) {
    feedback.correction = std::move(correction);
  }
}

}  // namespace

Feedback read_feedback(std::string_view json, std::string what, const FeedbackRules& rules) {
  const JsonFields fields(json, std::move(what), kFields);
  Feedback feedback{.id = fields.uuid("id").value_or(rules.id),
                    .run_id = fields.uuid("run_id"),
                    .trace_id = fields.uuid("trace_id"),
                    .session_id = fields.uuid("session_id"),
                    .key = fields.text("key").value_or(""),
                    .source = fields.object("feedback_source"),
                    .extra = fields.object("extra"),
                    .start_us = fields.time_us("start_time"),
                    .feedback_group_id = fields.uuid("feedback_group_id"),
                    .comparative_experiment_id = fields.uuid("comparative_experiment_id"),
                    .created_us = rules.received_us,
                    .modified_us = rules.received_us};
  if (feedback.id.empty()) feedback.id = make_uuid();
  if (feedback.key.empty()) fields.reject("key", "is required");
  if (character_count(feedback.key) > kMaxKeyCharacters) {
    fields.reject("key", "must have at most 180 characters");
  }
  if (!feedback.run_id && !feedback.trace_id && !feedback.session_id) {
    fields.reject("run_id", "is required, or trace_id, or session_id");
  }
  if (rules.needs_trace && !feedback.trace_id) fields.reject("trace_id", "is required");
  if (rules.needs_session && !feedback.session_id) fields.reject("session_id", "is required");
  read_judgement(fields, feedback);
  return feedback;
}

void update_feedback(Feedback& feedback, std::string_view json, std::string what) {
  const JsonFields fields(json, std::move(what), kFields);
  read_judgement(fields, feedback);
  if (fields.is_null("score")) feedback.score.reset();
  if (fields.is_null("value")) feedback.value.reset();
  if (fields.is_null("comment")) feedback.comment.reset();
  if (fields.is_null("correction")) feedback.correction.reset();
}

}  // namespace llmtrace::collector
