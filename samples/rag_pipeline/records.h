// What is known of one observation or score: the program's own account of it, and the server's.
// Both are brought into this form to be compared.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace rag {

struct ObservationRecord {
  std::string id{};
  std::string run_id{};  ///< LangSmith's, a UUID; logged only
  std::string trace_id{};
  std::string parent_id{};  ///< empty: a root
  std::string name{};
  std::string type{};  ///< in capitals, as the API returns it
  std::string level{"DEFAULT"};
  std::string status_message{};
  std::string model{};
  std::map<std::string, std::int64_t> usage{};
  std::map<std::string, double> cost{};
  std::map<std::string, std::string> metadata{};
  std::string output{};  ///< logged where it is a text
  std::string user_id{};
  std::string session_id{};
  std::string trace_name{};
  std::vector<std::string> tags{};
  std::optional<double> milliseconds{};  ///< how long it took
};

struct ScoreRecord {
  std::string id{};
  std::string trace_id{};
  std::string observation_id{};  ///< empty: the score of the whole trace
  std::string name{};
  std::string data_type{};
  std::variant<double, std::string> value{};
};

struct RunRecords {
  std::vector<ObservationRecord> observations{};
  std::vector<ScoreRecord> scores{};
};

}  // namespace rag
