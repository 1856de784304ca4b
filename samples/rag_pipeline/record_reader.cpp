#include "samples/rag_pipeline/record_reader.h"

#include <cmath>

#include "samples/support/json_reader.h"

namespace rag {

using namespace samples;

ObservationRecord read_observation(const rapidjson::Value& row) {
  ObservationRecord record;
  record.id = text_of(member(row, "id"));
  record.run_id = text_of(member(row, "runId"));
  record.trace_id = text_of(member(row, "traceId"));
  record.parent_id = text_of(member(row, "parentObservationId"));
  record.name = text_of(member(row, "name"));
  record.type = text_of(member(row, "type"));
  record.level = text_of(member(row, "level"));
  record.status_message = text_of(member(row, "statusMessage"));
  record.model = text_of(member(row, "providedModelName"));
  for (const auto& usage : members_of(member(row, "usageDetails"))) {
    if (usage.value.IsNumber()) {
      record.usage[text_of(usage.name)] = std::llround(usage.value.GetDouble());
    }
  }
  for (const auto& cost : members_of(member(row, "costDetails"))) {
    if (cost.value.IsNumber()) record.cost[text_of(cost.name)] = cost.value.GetDouble();
  }
  for (const auto& entry : members_of(member(row, "metadata"))) {
    record.metadata[text_of(entry.name)] = text_of(entry.value);
  }
  record.output = text_of(member(row, "output"));
  record.user_id = text_of(member(row, "userId"));
  record.session_id = text_of(member(row, "sessionId"));
  record.trace_name = text_of(member(row, "traceName"));
  for (const auto& tag : elements_of(member(row, "tags"))) record.tags.push_back(text_of(tag));
  const rapidjson::Value& latency = member(row, "latency");
  if (latency.IsNumber()) record.milliseconds = latency.GetDouble() * 1000;
  return record;
}

ScoreRecord read_score(const rapidjson::Value& row) {
  ScoreRecord record{.id = text_of(member(row, "id")),
                     .name = text_of(member(row, "name")),
                     .data_type = text_of(member(row, "dataType"))};
  const rapidjson::Value& subject = member(row, "subject");
  if (text_of(member(subject, "kind")) == "observation") {
    record.observation_id = text_of(member(subject, "id"));
    record.trace_id = text_of(member(subject, "traceId"));
  } else {
    record.trace_id = text_of(member(subject, "id"));
  }
  const rapidjson::Value& value = member(row, "value");
  if (value.IsNumber()) {
    record.value = value.GetDouble();
  } else {
    record.value = text_of(value);
  }
  return record;
}

}  // namespace rag
