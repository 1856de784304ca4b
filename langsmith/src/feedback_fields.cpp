#include "langsmith/src/feedback_fields.h"

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "common/src/json_text.h"
#include "common/src/rate_limited_log.h"
#include "common/src/score.h"
#include "langsmith/src/run_fields.h"

namespace langsmith {
inline namespace v0 {
namespace {

using llmtrace::Destination;
using llmtrace::DestinationSet;
using llmtrace::DropReason;
using llmtrace::FeedbackFields;
using llmtrace::LogLevel;
using llmtrace::Ref;
using llmtrace::Score;
using llmtrace::ScoreValue;

std::string_view to_string(FeedbackSource source) noexcept {
  static constexpr std::string_view kNames[] = {"api", "model", "auto_eval", "app"};
  return kNames[static_cast<std::size_t>(source)];
}

std::string number_text(double value) {
  std::string text;
  llmtrace::append_json_number(text, value);
  return text;
}

void write_value(JsonObject& object, const Score& score) {
  if (score.feedback) {
    if (score.feedback->has_score) object.set("score", rounded(score.value.number()));
    object.set_json("value", score.feedback->value);
  } else if (score.value.kind() == ScoreValue::Kind::Text) {
    object.set_text("value", score.value.text());
  } else {
    object.set("score", rounded(score.value.number()));
  }
}

std::string source_text(const Score& score) {
  const FeedbackFields none;
  const FeedbackFields& feedback = score.feedback ? *score.feedback : none;
  JsonObject metadata;
  metadata.merge(score.feedback ? feedback.source_info : score.metadata);
  if (!feedback.source_run_id.empty()) {
    JsonObject run;
    run.set_text("run_id", feedback.source_run_id);
    metadata.set("__run", run.text());
  }
  JsonObject source;
  source.set_text("type", feedback.source_type.empty() ? "api" : feedback.source_type);
  if (!metadata.empty()) source.set("metadata", metadata.text());
  return source.text();
}

// What is wrong with the feedback, and the remedy; empty when it may be sent.
std::string_view problem_of(const FeedbackParams& params) {
  if (params.key.empty()) return "it has no key; give .key";
  if (character_prefix(params.key, kMaxKeyCharacters).size() < params.key.size()) {
    return "its key is longer than 180 characters";
  }
  if (params.score && !std::isfinite(*params.score)) return "its score is not a finite number";
  return {};
}

void refuse(const FeedbackParams& params, std::string_view problem,
            const DestinationSet& destinations) {
  for (const Ref<Destination>& destination : destinations.destinations()) {
    destination->refuse(DropReason::Rejected);
  }
  destinations.keeper().log().log(
      DropReason::Rejected, LogLevel::Warning,
      "langsmith: the feedback \"" + params.key + "\" was dropped: " + std::string(problem));
}

Score score_of(FeedbackParams&& params, std::string project, llmtrace::TransportImpl& transport) {
  auto feedback = std::make_shared<FeedbackFields>();
  feedback->has_score = params.score.has_value();
  feedback->value = std::move(params.value);
  feedback->correction = std::move(params.correction);
  feedback->source_info = std::move(params.source_info);
  feedback->source_type = to_string(params.source);
  feedback->source_run_id = std::move(params.source_run_id);
  feedback->project_id = std::move(params.project_id);
  feedback->group_id = std::move(params.feedback_group_id);
  feedback->comparative_experiment_id = std::move(params.comparative_experiment_id);
  feedback->config = config_json(params.feedback_config);
  Score score;
  score.timestamp = transport.clock().now();
  score.id = params.feedback_id.empty()
                 ? llmtrace::uuid_text(transport.ids().next(score.timestamp))
                 : llmtrace::uuid_text(llmtrace::uuid_from(params.feedback_id));
  score.name = std::move(params.key);
  score.comment = std::move(params.comment);
  score.project = std::move(project);
  if (params.score) score.value = *params.score;
  if (params.run_id.empty()) params.run_id = params.trace_id;
  if (!params.run_id.empty()) score.run_id = llmtrace::uuid_from(params.run_id);
  if (!params.trace_id.empty()) {
    score.run_trace_id = llmtrace::uuid_from(params.trace_id);
    score.trace_id = llmtrace::to_hex(*score.run_trace_id);
  }
  score.feedback = std::move(feedback);
  return score;
}

}  // namespace

std::string rounded(double score) { return number_text(std::round(score * 1e4) / 1e4); }

Json config_json(const FeedbackConfig& config) {
  if (config.type == FeedbackConfig::Type::None) return {};
  static constexpr std::string_view kTypes[] = {"", "continuous", "categorical", "freeform"};
  JsonObject object;
  object.set_text("type", kTypes[static_cast<std::size_t>(config.type)]);
  if (config.min) object.set("min", number_text(*config.min));
  if (config.max) object.set("max", number_text(*config.max));
  if (!config.categories.empty()) {
    std::string list;
    for (const FeedbackConfig::Category& category : config.categories) {
      JsonObject item;
      item.set("value", number_text(category.value));
      item.set_text("label", category.label);
      list.append(list.empty() ? "[" : ",").append(item.text());
    }
    object.set("categories", list + "]");
  }
  return Json::from_text(object.text());
}

std::string feedback_text(const Score& score, std::string_view session_id, bool with_project) {
  JsonObject object;
  object.set_text("id", llmtrace::uuid_text(llmtrace::uuid_from(score.id)));
  if (score.run_id) object.set_text("run_id", llmtrace::uuid_text(*score.run_id));
  if (score.run_trace_id) object.set_text("trace_id", llmtrace::uuid_text(*score.run_trace_id));
  // A score's name for all vendors may be longer.
  object.set_text("key", character_prefix(score.name, kMaxKeyCharacters));
  write_value(object, score);
  object.set_text("comment", score.comment);
  object.set("feedback_source", source_text(score));
  object.set_text("session_id", session_id);
  if (score.feedback) {
    const FeedbackFields& feedback = *score.feedback;
    object.set_json("correction", feedback.correction);
    object.set_json("feedback_config", feedback.config);
    object.set_text("feedback_group_id", feedback.group_id);
    object.set_text("comparative_experiment_id", feedback.comparative_experiment_id);
    if (with_project) object.set_text("session_id", feedback.project_id);
  }
  return without_nul(object.text());
}

std::string submit_feedback(FeedbackParams params, std::string project,
                            const DestinationSet& destinations) {
  const bool about_runs = !params.run_id.empty() || !params.trace_id.empty();
  if (const std::string_view problem = problem_of(params); !problem.empty()) {
    refuse(params, problem, destinations);
    return {};
  }
  // The ids of a run of nothing.
  if (!about_runs && params.project_id.empty()) return {};
  Score score = score_of(std::move(params), std::move(project), destinations.keeper());
  if (!score.trace_id.empty() && destinations.sampled(*score.run_trace_id)->empty()) return {};
  std::string id = score.id;
  if (about_runs) {
    llmtrace::submit_checked(std::move(score), destinations);
  } else {  // a replica does not know the project by this id
    const auto primary =
        Ref<const DestinationSet>::adopt(new DestinationSet({destinations.destinations().front()}));
    llmtrace::submit_checked(std::move(score), *primary);
  }
  return id;
}

}  // namespace v0
}  // namespace langsmith
