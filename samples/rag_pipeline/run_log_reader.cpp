#include "samples/rag_pipeline/run_log_reader.h"

#include <fstream>
#include <stdexcept>

#include "samples/rag_pipeline/record_reader.h"
#include "samples/support/json_reader.h"

namespace rag {

using namespace samples;

namespace {

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
