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
  line.add("trace_id", observation.trace_id);
  line.add("id", observation.id);
  line.add("parent_id", observation.parent_id);
  line.add("type", observation.type);
  line.add("name", observation.name);
  line.add("level", observation.level);
  line.add("status_message", observation.status_message);
  line.add("model", observation.model);
  line.add("usage", observation.usage);
  line.add("cost", observation.cost);
  line.add("metadata", observation.metadata);
  line.add("output", observation.output);
  line.add("user_id", observation.user_id);
  line.add("session_id", observation.session_id);
  line.add("trace_name", observation.trace_name);
  line.add("tags", observation.tags);
  line.add("milliseconds", observation.milliseconds.value_or(0));
  write_line(line.finish());
  ++observations_;
}

void RunLog::write(const ScoreRecord& score) {
  Line line("score");
  line.add("trace_id", score.trace_id);
  line.add("observation_id", score.observation_id);
  line.add("id", score.id);
  line.add("name", score.name);
  line.add("data_type", score.data_type);
  std::visit([&line](const auto& value) { line.add("value", value); }, score.value);
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
