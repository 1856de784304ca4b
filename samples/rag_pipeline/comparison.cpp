#include "samples/rag_pipeline/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace rag {
namespace {

constexpr double kTolerance = 1e-9;
constexpr double kClockMilliseconds = 2;  // servers cut start and end to milliseconds

std::string shown(const std::string& text) { return '"' + text + '"'; }
std::string shown(std::int64_t number) { return std::to_string(number); }
std::string shown(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.12g", number);
  return text;
}
std::string shown(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + text;
  return "[" + list + "]";
}
std::string shown(const std::variant<double, std::string>& value) {
  return std::visit([](const auto& held) { return shown(held); }, value);
}

template <class Value>
bool same(const Value& left, const Value& right) {
  return left == right;
}
bool same(double left, double right) {
  return std::abs(left - right) <= kTolerance * std::max({std::abs(left), std::abs(right), 1e-3});
}
bool same(const std::variant<double, std::string>& left,
          const std::variant<double, std::string>& right) {
  const double* const a = std::get_if<double>(&left);
  const double* const b = std::get_if<double>(&right);
  return a != nullptr && b != nullptr ? same(*a, *b) : left == right;
}

// Compares the fields of one item and keeps what differs.
class Fields {
 public:
  Fields(std::string item, std::vector<std::string>& out) : item_(std::move(item)), out_(out) {}

  template <class Value>
  void equal(const std::string& field, const Value& logged, const Value& found) {
    if (!same(logged, found)) say(field + ": logged " + shown(logged) + ", found " + shown(found));
  }
  template <class Value>
  void equal(const std::string& field, const std::map<std::string, Value>& logged,
             const std::map<std::string, Value>& found) {
    holds(field, logged, found);
    for (const auto& [key, value] : found) {
      if (!logged.contains(key)) say(field + "." + key + ": not logged, found " + shown(value));
    }
  }
  // The server may know more keys than were logged.
  template <class Value>
  void holds(const std::string& field, const std::map<std::string, Value>& logged,
             const std::map<std::string, Value>& found) {
    for (const auto& [key, value] : logged) {
      const auto match = found.find(key);
      if (match == found.end()) {
        say(field + "." + key + ": logged " + shown(value) + ", not found");
      } else {
        equal(field + "." + key, value, match->second);
      }
    }
  }
  void say(const std::string& difference) { out_.push_back(item_ + " " + difference); }

 private:
  std::string item_;
  std::vector<std::string>& out_;
};

void compare(const ObservationRecord& logged, const ObservationRecord& found, Fields fields) {
  fields.equal("trace id", logged.trace_id, found.trace_id);
  fields.equal("parent", logged.parent_id, found.parent_id);
  fields.equal("name", logged.name, found.name);
  fields.equal("type", logged.type, found.type);
  fields.equal("level", logged.level, found.level);
  fields.equal("status message", logged.status_message, found.status_message);
  fields.equal("model", logged.model, found.model);
  fields.equal("user", logged.user_id, found.user_id);
  fields.equal("session", logged.session_id, found.session_id);
  fields.equal("trace name", logged.trace_name, found.trace_name);
  fields.equal("tags", logged.tags, found.tags);
  if (!logged.output.empty()) fields.equal("output", logged.output, found.output);
  // A server that is given no usage or no cost computes its own for the models it knows.
  if (!logged.usage.empty()) fields.equal("usage", logged.usage, found.usage);
  if (!logged.cost.empty()) fields.equal("cost", logged.cost, found.cost);
  fields.holds("metadata", logged.metadata, found.metadata);
  // The log's stopwatch runs inside the observation, which therefore cannot be shorter.
  if (!found.milliseconds) {
    fields.say("has no end");
  } else if (*found.milliseconds + kClockMilliseconds < logged.milliseconds.value_or(0)) {
    fields.equal("milliseconds", *logged.milliseconds, *found.milliseconds);
  }
}

void compare(const ScoreRecord& logged, const ScoreRecord& found, Fields fields) {
  fields.equal("trace id", logged.trace_id, found.trace_id);
  fields.equal("observation", logged.observation_id, found.observation_id);
  fields.equal("name", logged.name, found.name);
  fields.equal("data type", logged.data_type, found.data_type);
  fields.equal("value", logged.value, found.value);
}

std::string label(const ObservationRecord& record) {
  return "observation " + record.id + " (" + record.name + ")";
}
std::string label(const ScoreRecord& record) {
  return "score " + record.id + " (" + record.name + ")";
}

// For those who add to the pipeline: what it sends and does not log is a difference, too.
const char* remedy(const ObservationRecord&) { return "a function with OBSERVE makes a Step, too"; }
const char* remedy(const ScoreRecord&) { return "a score goes through Pipeline::score"; }

template <class Record>
void compare_all(const std::vector<Record>& logged, const std::vector<Record>& found,
                 std::vector<std::string>& out) {
  const auto count_of = [](const std::vector<Record>& records, const std::string& id) {
    return std::count_if(records.begin(), records.end(),
                         [&id](const Record& record) { return record.id == id; });
  };
  for (const Record& record : logged) {
    const auto match = std::find_if(found.begin(), found.end(), [&record](const Record& other) {
      return other.id == record.id;
    });
    if (match == found.end()) {
      out.push_back(label(record) + " is missing");
    } else {
      compare(record, *match, Fields(label(record), out));
      if (count_of(found, record.id) > 1) out.push_back(label(record) + " is there more than once");
    }
  }
  for (const Record& record : found) {
    if (count_of(logged, record.id) != 0) continue;
    out.push_back(label(record) + " was not logged; " + remedy(record));
  }
}

}  // namespace

std::vector<std::string> differences(const RunRecords& logged, const RunRecords& found) {
  std::vector<std::string> out;
  compare_all(logged.observations, found.observations, out);
  compare_all(logged.scores, found.scores, out);
  return out;
}

}  // namespace rag
