#include "samples/rag_pipeline/run_log_reader.h"

#include <cmath>
#include <fstream>
#include <stdexcept>

#include "samples/rag_pipeline/json_reader.h"

namespace rag {
namespace {

ObservationRecord read_observation(const rapidjson::Value& line) {
  ObservationRecord record;
  record.trace_id = text_of(member(line, "trace_id"));
  record.id = text_of(member(line, "id"));
  record.parent_id = text_of(member(line, "parent_id"));
  record.type = text_of(member(line, "type"));
  record.name = text_of(member(line, "name"));
  record.level = text_of(member(line, "level"));
  record.status_message = text_of(member(line, "status_message"));
  record.model = text_of(member(line, "model"));
  for (const auto& usage : members_of(member(line, "usage"))) {
    record.usage[text_of(usage.name)] = std::llround(usage.value.GetDouble());
  }
  for (const auto& cost : members_of(member(line, "cost"))) {
    record.cost[text_of(cost.name)] = cost.value.GetDouble();
  }
  for (const auto& entry : members_of(member(line, "metadata"))) {
    record.metadata[text_of(entry.name)] = text_of(entry.value);
  }
  record.output = text_of(member(line, "output"));
  record.user_id = text_of(member(line, "user_id"));
  record.session_id = text_of(member(line, "session_id"));
  record.trace_name = text_of(member(line, "trace_name"));
  for (const auto& tag : elements_of(member(line, "tags"))) record.tags.push_back(text_of(tag));
  record.milliseconds = member(line, "milliseconds").GetDouble();
  return record;
}

ScoreRecord read_score(const rapidjson::Value& line) {
  ScoreRecord record{.id = text_of(member(line, "id")),
                     .trace_id = text_of(member(line, "trace_id")),
                     .observation_id = text_of(member(line, "observation_id")),
                     .name = text_of(member(line, "name")),
                     .data_type = text_of(member(line, "data_type"))};
  const rapidjson::Value& value = member(line, "value");
  if (value.IsNumber()) {
    record.value = value.GetDouble();
  } else {
    record.value = text_of(value);
  }
  return record;
}

bool has_counts(const rapidjson::Value& end, const RunRecords& records) {
  return text_of(member(end, "observations")) == std::to_string(records.observations.size()) &&
         text_of(member(end, "scores")) == std::to_string(records.scores.size());
}

}  // namespace

RunRecords read_run_log(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) throw std::runtime_error("--log " + file + ": cannot be read");
  RunRecords records;
  std::string text;
  bool is_whole = false;
  for (std::size_t number = 1; std::getline(stream, text); ++number) {
    const auto line = parse_json(text);
    const std::string kind = line ? text_of(member(*line, "kind")) : "";
    if (kind == "observation") {
      records.observations.push_back(read_observation(*line));
    } else if (kind == "score") {
      records.scores.push_back(read_score(*line));
    } else if (kind == "end") {
      is_whole = has_counts(*line, records);
    } else {
      throw std::runtime_error(file + ":" + std::to_string(number) + ": not a line of a run's log");
    }
  }
  if (!is_whole) throw std::runtime_error(file + ": not whole; was the program ended early?");
  return records;
}

}  // namespace rag
