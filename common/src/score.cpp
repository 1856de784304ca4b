#include "common/src/score.h"

#include <cmath>
#include <string_view>

#include "common/src/flusher.h"
#include "common/src/transport_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

ScoreDataType data_type_of(const ScoreParams& params) {
  if (params.data_type) return *params.data_type;
  switch (params.value.kind()) {
    case ScoreValue::Kind::Boolean:
      return ScoreDataType::Boolean;
    case ScoreValue::Kind::Text:
      return ScoreDataType::Categorical;
    default:
      return ScoreDataType::Numeric;
  }
}

bool has_one_target(const ScoreParams& params) {
  const int targets = (params.trace_id.empty() ? 0 : 1) + (params.session_id.empty() ? 0 : 1) +
                      (params.dataset_run_id.empty() ? 0 : 1);
  return targets == 1 && (!params.trace_id.empty() || params.observation_id.empty());
}

bool is_not_finite(const ScoreParams& params) {
  return params.value.kind() == ScoreValue::Kind::Number && !std::isfinite(params.value.number());
}

// What is wrong with the score, and the remedy; empty when it may be sent.
std::string_view problem_of(const ScoreParams& params) {
  if (params.name.empty()) return "it has no name; give .name";
  if (!has_one_target(params)) {
    return "it needs exactly one target: .trace_id (with or without .observation_id), .session_id "
           "or "
           ".dataset_run_id";
  }
  if (params.value.kind() == ScoreValue::Kind::Absent) return "it has no value; give .value";
  if (is_not_finite(params)) return "its value is not a finite number";
  const bool is_text = params.value.kind() == ScoreValue::Kind::Text;
  const ScoreDataType type = data_type_of(params);
  const bool wants_text = type == ScoreDataType::Categorical || type == ScoreDataType::Text;
  if (is_text != wants_text) {
    return "its value does not fit its data type: numeric and boolean scores take numbers, "
           "categorical "
           "and text scores take text";
  }
  if (type == ScoreDataType::Boolean && params.value.number() != 0 && params.value.number() != 1) {
    return "a boolean score is 0 or 1";
  }
  return {};
}

void refuse(const DestinationSet& destinations, const ScoreParams& params,
            std::string_view problem) {
  for (const Ref<Destination>& destination : destinations.destinations()) {
    destination->refuse(DropReason::Rejected);
    if (is_not_finite(params)) {
      destination->counters().invalid_numbers.fetch_add(1, std::memory_order_relaxed);
    }
  }
  destinations.keeper().log().log(
      DropReason::Rejected, LogLevel::Warning,
      "the score \"" + params.name + "\" was dropped: " + std::string(problem));
}

}  // namespace

namespace {

Score score_of(ScoreParams&& params, const std::string& environment) {
  Score score;
  if (params.timestamp) score.timestamp = *params.timestamp;
  score.data_type = data_type_of(params);
  if (!params.trace_id.empty()) score.trace_id = to_hex(trace_id_from(params.trace_id));
  if (!params.observation_id.empty()) {
    score.observation_id = to_hex(span_id_from(params.observation_id));
  }
  score.id = std::move(params.score_id);
  score.name = std::move(params.name);
  score.value = std::move(params.value);
  score.session_id = std::move(params.session_id);
  score.dataset_run_id = std::move(params.dataset_run_id);
  score.comment = std::move(params.comment);
  score.config_id = std::move(params.config_id);
  score.metadata = as_object(std::move(params.metadata));
  score.environment = environment;
  return score;
}

}  // namespace

void submit_score(ScoreParams params, const DestinationSet& destinations,
                  const std::string& environment) {
  if (destinations.empty()) return;
  if (const std::string_view problem = problem_of(params); !problem.empty()) {
    refuse(destinations, params, problem);
    return;
  }
  submit_checked(score_of(std::move(params), environment), destinations);
}

void submit_score(ScoreParams params, const Record& record, bool whole_trace,
                  const DestinationSet& destinations, const std::string& environment) {
  params.trace_id = to_hex(record.trace_id);
  params.observation_id = whole_trace ? std::string() : to_hex(record.span_id);
  params.session_id.clear();
  params.dataset_run_id.clear();
  if (const std::string_view problem = problem_of(params); !problem.empty()) {
    refuse(destinations, params, problem);
    return;
  }
  Score score = score_of(std::move(params), environment);
  const Record* root = &record;
  while (root->parent != nullptr) root = root->parent;
  const bool continued = root->remote && !root->remote->run_path.empty();
  if (!continued) score.run_trace_id = root->uuid;  // else the root run is another process's
  score.project = project_of(record);
  if (!whole_trace) {
    score.run_id = record.uuid;
  } else {
    score.run_id = root->uuid;
  }
  submit_checked(std::move(score), destinations, true);
}

void submit_checked(Score score, const DestinationSet& destinations, bool is_drawn) {
  TransportImpl& transport = destinations.keeper();
  auto item = Ref<ScoreItem>::make();
  item->score = std::move(score);
  if (item->score.timestamp == Timestamp()) item->score.timestamp = transport.clock().now();
  if (item->score.id.empty())
    item->score.id = uuid_text(transport.ids().next(item->score.timestamp));
  item->destinations = Ref<const DestinationSet>::share(&destinations);
  if (!item->score.trace_id.empty() && !is_drawn) {
    item->destinations = destinations.sampled(trace_id_from(item->score.trace_id));
  }
  item->destinations = item->destinations->scored();
  if (item->destinations->empty()) return;  // the trace was not kept either, or has no scores
  const std::size_t bytes = item->score.byte_size();
  for (TransportImpl* target : item->destinations->transports()) {
    target->submit(ItemKind::Score, *item, *item->destinations, bytes);
  }
}

}  // namespace v0
}  // namespace llmtrace
