#include "samples/rag_pipeline/langsmith_reader.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "samples/support/json_reader.h"

namespace rag {

using namespace samples;

namespace {

std::string as_uuid(const std::string& hex) {
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

std::string as_hex(std::string uuid) {
  std::erase(uuid, '-');
  return uuid;
}

std::string upper_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

std::string type_of(const rapidjson::Value& run, const rapidjson::Value& metadata) {
  const std::string own = text_of(member(metadata, "observation_type"));
  if (!own.empty()) return upper_case(own);
  const std::string run_type = text_of(member(run, "run_type"));
  return run_type == "llm" ? "GENERATION" : upper_case(run_type);
}

double milliseconds_between(const std::string& start, const std::string& end) {
  // "2026-11-16T08:00:00.000000": the same day is all that a pipeline's run takes.
  const auto milliseconds = [](const std::string& time) {
    constexpr std::size_t kClock = 11;
    if (time.size() < kClock + 8) return 0.0;
    return std::stod(time.substr(kClock, 2)) * 3'600'000 +
           std::stod(time.substr(kClock + 3, 2)) * 60'000 +
           std::stod(time.substr(kClock + 6)) * 1000;
  };
  constexpr double kDay = 86'400'000;
  const double taken = milliseconds(end) - milliseconds(start);
  return taken < 0 ? taken + kDay : taken;
}

ObservationRecord read_run(const rapidjson::Value& run) {
  const rapidjson::Value& extra = member(run, "extra");
  const rapidjson::Value& metadata = member(extra, "metadata");
  ObservationRecord record;
  record.id = text_of(member(run, "id"));
  record.trace_id = as_hex(text_of(member(run, "trace_id")));
  record.parent_id = text_of(member(run, "parent_run_id"));
  record.name = text_of(member(run, "name"));
  record.type = type_of(run, metadata);
  record.status_message = text_of(member(run, "error"));
  if (!record.status_message.empty()) record.level = "ERROR";
  record.model = text_of(member(metadata, "ls_model_name"));
  const rapidjson::Value& usage = member(metadata, "usage_metadata");
  for (const char* name : {"input", "output", "total"}) {
    const rapidjson::Value& tokens = member(usage, (std::string(name) + "_tokens").c_str());
    if (tokens.IsInt64()) record.usage[name] = tokens.GetInt64();
    const rapidjson::Value& cost = member(usage, (std::string(name) + "_cost").c_str());
    if (cost.IsNumber()) record.cost[name] = cost.GetDouble();
  }
  for (const auto& entry : members_of(metadata)) {
    record.metadata[text_of(entry.name)] = text_of(entry.value);
  }
  const rapidjson::Value& outputs = member(run, "outputs");
  record.output = text_of(member(outputs, "output"));
  record.user_id = record.metadata["user_id"];
  record.session_id = record.metadata["session_id"];
  record.trace_name = record.metadata["trace_name"];
  for (const auto& tag : elements_of(member(run, "tags"))) record.tags.push_back(text_of(tag));
  const std::string end = text_of(member(run, "end_time"));
  if (!end.empty()) {
    record.milliseconds = milliseconds_between(text_of(member(run, "start_time")), end);
  }
  return record;
}

// The log names observations by their span ids, LangSmith its runs by UUIDs.
void name_by_run_ids(RunRecords& logged) {
  std::map<std::string, std::string> run_ids;
  for (ObservationRecord& record : logged.observations) {
    if (record.run_id.empty()) continue;  // never went to LangSmith, and will be missing there
    run_ids[record.id] = record.run_id;
    record.id = record.run_id;
  }
  const auto rename = [&run_ids](std::string& id) {
    const auto run = run_ids.find(id);
    if (run != run_ids.end()) id = run->second;
  };
  for (ObservationRecord& record : logged.observations) rename(record.parent_id);
  for (ScoreRecord& score : logged.scores) rename(score.observation_id);
}

ScoreRecord read_score(const rapidjson::Value& row) {
  ScoreRecord record{.id = as_hex(text_of(member(row, "id"))),
                     .trace_id = as_hex(text_of(member(row, "trace_id"))),
                     .name = text_of(member(row, "key"))};
  const std::string run_id = text_of(member(row, "run_id"));
  if (as_hex(run_id) != record.trace_id) record.observation_id = run_id;
  const rapidjson::Value& score = member(row, "score");
  record.data_type = score.IsNumber() ? "NUMERIC" : "CATEGORICAL";
  if (score.IsNumber()) {
    record.value = score.GetDouble();
  } else {
    record.value = text_of(member(row, "value"));
  }
  return record;
}

}  // namespace

LangSmithReader::LangSmithReader(std::string endpoint, std::string api_key)
    : endpoint_(std::move(endpoint)), api_key_(std::move(api_key)) {
  while (endpoint_.ends_with('/')) endpoint_.pop_back();
}

RunRecords LangSmithReader::read_trace(const std::string& trace_id) const {
  RunRecords records;
  read_runs(as_uuid(trace_id), records);
  return records;
}

RunRecords LangSmithReader::as_kept(RunRecords logged) const {
  name_by_run_ids(logged);
  for (ObservationRecord& record : logged.observations) {
    if (record.type == "SPAN") record.type = "CHAIN";
    const auto cached = record.usage.find("input_cached_tokens");
    if (cached != record.usage.end()) {
      record.usage["input"] += cached->second;
      record.usage.erase(cached);
    }
    std::erase_if(record.cost, [](const auto& cost) {
      return cost.first != "input" && cost.first != "output" && cost.first != "total";
    });
  }
  for (ScoreRecord& score : logged.scores) {
    // Feedback keeps four decimals.
    if (auto* const value = std::get_if<double>(&score.value)) {
      *value = std::round(*value * 1e4) / 1e4;
    }
  }
  return logged;
}

HttpCall LangSmithReader::call(const std::string& path) const {
  HttpCall call{.url = endpoint_ + path, .headers = {"x-api-key: " + api_key_}};
  call.timeout = std::chrono::seconds(10);
  return call;
}

void LangSmithReader::read_runs(const std::string& trace_id, RunRecords& records) const {
  std::string cursor;
  do {
    HttpCall query = call("/runs/query");
    query.body = R"({"trace":")" + trace_id + R"(","limit":100)";
    if (!cursor.empty()) query.body += R"(,"cursor":")" + cursor + '"';
    query.body += "}";
    const std::string body = ask(query);
    if (body.empty()) return;
    const auto page = parse_json(body);
    if (!page) throw std::runtime_error(query.url + " answers no JSON");
    for (const auto& run : elements_of(member(*page, "runs"))) {
      records.observations.push_back(read_run(run));
      read_feedback(text_of(member(run, "id")), records);
    }
    cursor = text_of(member(member(*page, "cursors"), "next"));
  } while (!cursor.empty());
}

void LangSmithReader::read_feedback(const std::string& run_id, RunRecords& records) const {
  const std::string body = ask(call("/feedback?limit=100&run=" + url_encoded(run_id)));
  if (body.empty()) return;
  const auto list = parse_json(body);
  if (!list) throw std::runtime_error(endpoint_ + "/feedback answers no JSON");
  for (const auto& row : elements_of(*list)) records.scores.push_back(read_score(row));
}

}  // namespace rag
