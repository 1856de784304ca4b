#include "samples/rag_pipeline/run_log.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <stdexcept>

namespace rag {
namespace {

// One line being written.
class Line {
 public:
  explicit Line(const char* kind) : writer_(buffer_) {
    writer_.StartObject();
    add("kind", std::string(kind));
  }

  void add(const char* name, const std::string& value) {
    writer_.Key(name);
    writer_.String(value);
  }
  void add(const char* name, double value) {
    writer_.Key(name);
    writer_.Double(value);
  }
  void add(const char* name, std::int64_t value) {
    writer_.Key(name);
    writer_.Int64(value);
  }
  template <class Value>
  void add(const char* name, const std::map<std::string, Value>& values) {
    writer_.Key(name);
    writer_.StartObject();
    for (const auto& [key, value] : values) add(key.c_str(), value);
    writer_.EndObject();
  }
  void add(const char* name, const std::vector<std::string>& values) {
    writer_.Key(name);
    writer_.StartArray();
    for (const std::string& value : values) writer_.String(value);
    writer_.EndArray();
  }

  std::string finish() {
    writer_.EndObject();
    return {buffer_.GetString(), buffer_.GetSize()};
  }

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

}  // namespace

RunLog::RunLog(const std::string& file) : file_(file) {
  if (file.empty()) return;
  stream_.open(file, std::ios::trunc);
  if (!stream_) throw std::runtime_error("--log " + file + ": cannot be written");
}

void RunLog::write(const ObservationRecord& observation) {
  Line line("observation");
  line.add("traceId", observation.trace_id);
  line.add("id", observation.id);
  line.add("runId", observation.run_id);
  line.add("parentObservationId", observation.parent_id);
  line.add("type", observation.type);
  line.add("name", observation.name);
  line.add("level", observation.level);
  line.add("statusMessage", observation.status_message);
  line.add("providedModelName", observation.model);
  line.add("usageDetails", observation.usage);
  line.add("costDetails", observation.cost);
  line.add("metadata", observation.metadata);
  line.add("output", observation.output);
  line.add("userId", observation.user_id);
  line.add("sessionId", observation.session_id);
  line.add("traceName", observation.trace_name);
  line.add("tags", observation.tags);
  line.add("latency", observation.milliseconds.value_or(0) / 1000);
  write_line(line.finish());
  ++observations_;
}

void RunLog::write(const ScoreRecord& score) {
  using Subject = std::map<std::string, std::string>;
  Line line("score");
  line.add("id", score.id);
  line.add("name", score.name);
  line.add("dataType", score.data_type);
  std::visit([&line](const auto& value) { line.add("value", value); }, score.value);
  line.add("subject", score.observation_id.empty()
                          ? Subject{{"kind", "trace"}, {"id", score.trace_id}}
                          : Subject{{"kind", "observation"},
                                    {"id", score.observation_id},
                                    {"traceId", score.trace_id}});
  write_line(line.finish());
  ++scores_;
}

bool RunLog::finish() {
  Line line("end");
  line.add("observations", static_cast<std::int64_t>(observations_));
  line.add("scores", static_cast<std::int64_t>(scores_));
  write_line(line.finish());
  if (stream_.is_open()) stream_.close();
  return stream_.good();
}

void RunLog::write_line(const std::string& line) {
  if (stream_.is_open()) stream_ << line << '\n';
}

}  // namespace rag
