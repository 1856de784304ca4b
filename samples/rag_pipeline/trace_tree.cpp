#include "samples/rag_pipeline/trace_tree.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace rag {
namespace {

constexpr std::size_t kColumns = 6;
using Row = std::array<std::string, kColumns>;

std::string formatted(const char* format, double value) {
  char text[48];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// Characters, not bytes: the branches are drawn with multi-byte ones.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string tokens_of(const ObservationRecord& observation) {
  static const std::vector<std::pair<std::string, std::string>> kUnits{
      {"input", " in"}, {"input_cached_tokens", " cached"}, {"output", " out"}};
  std::string text;
  for (const auto& [key, unit] : kUnits) {
    const auto count = observation.usage.find(key);
    if (count == observation.usage.end()) continue;
    if (!text.empty()) text += " + ";
    text += std::to_string(count->second) + unit;
  }
  return text;
}

std::string cost_of(const ObservationRecord& observation) {
  const auto total = observation.cost.find("total");
  return total == observation.cost.end() ? "" : formatted("$%.6f", total->second);
}

std::string shown(const ScoreRecord& score) {
  const double* const number = std::get_if<double>(&score.value);
  return score.name + "=" +
         (number != nullptr ? formatted("%.2f", *number) : std::get<std::string>(score.value));
}

std::string latency_of(const ObservationRecord& observation) {
  if (!observation.milliseconds) return "";
  return *observation.milliseconds < 1 ? "<1 ms" : formatted("%.0f ms", *observation.milliseconds);
}

// Lays out the observations of one trace.
class Tree {
 public:
  Tree(const std::string& trace_id, const RunRecords& found) {
    for (const ObservationRecord& observation : found.observations) {
      if (observation.trace_id == trace_id) observations_.push_back(&observation);
    }
    for (const ScoreRecord& score : found.scores) {
      if (score.trace_id == trace_id) scores_.push_back(&score);
    }
  }

  std::vector<Row> rows() {
    for (const ObservationRecord* observation : observations_) {
      if (!is_known(observation->parent_id)) add(*observation, "", "");
    }
    return rows_;
  }

  const ObservationRecord* any() const {
    return observations_.empty() ? nullptr : observations_[0];
  }

  /// The scores of the trace as a whole.
  std::string trace_scores() const { return scores_of(""); }

 private:
  bool is_known(const std::string& id) const {
    return std::any_of(observations_.begin(), observations_.end(),
                       [&id](const ObservationRecord* other) { return other->id == id; });
  }

  std::string scores_of(const std::string& observation_id) const {
    std::string text;
    for (const ScoreRecord* score : scores_) {
      if (score->observation_id != observation_id) continue;
      if (!text.empty()) text += ' ';
      text += shown(*score);
    }
    return text;
  }

  void add(const ObservationRecord& observation, const std::string& branch,
           const std::string& indent) {
    if (!drawn_.insert(observation.id).second) return;  // a doubled row, or a ring of parents
    rows_.push_back({observation.type, branch + observation.name, latency_of(observation),
                     tokens_of(observation), cost_of(observation),
                     (observation.level == "ERROR" ? "ERROR " : "") + scores_of(observation.id)});
    std::vector<const ObservationRecord*> children;
    for (const ObservationRecord* other : observations_) {
      if (other->parent_id == observation.id) children.push_back(other);
    }
    for (const ObservationRecord* child : children) {
      const bool is_last = child == children.back();
      add(*child, indent + (is_last ? "└─ " : "├─ "), indent + (is_last ? "   " : "│  "));
    }
  }

  std::vector<const ObservationRecord*> observations_;
  std::vector<const ScoreRecord*> scores_;
  std::vector<Row> rows_;
  std::set<std::string> drawn_;
};

std::array<std::size_t, kColumns> widths_of(const std::vector<Row>& rows) {
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  return widths;
}

std::string line(const Row& row, const std::array<std::size_t, kColumns>& widths) {
  std::string text = "  ";
  for (std::size_t i = 0; i < kColumns; ++i) {
    const std::string padding(widths[i] - width(row[i]), ' ');
    const bool is_number = i >= 2 && i <= 4;
    text += is_number ? padding + row[i] : row[i] + padding;
    text += "  ";
  }
  return text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
}

// Siblings ran one after the other, so the log's order is theirs; servers return another.
template <class Record>
void sort_as(const std::vector<Record>& logged, std::vector<Record>& found) {
  std::map<std::string, std::size_t> places;
  for (const Record& record : logged) places.emplace(record.id, places.size());
  const auto place_of = [&places](const Record& record) {
    const auto place = places.find(record.id);
    return place == places.end() ? places.size() : place->second;
  };
  std::stable_sort(found.begin(), found.end(), [&](const Record& left, const Record& right) {
    return place_of(left) < place_of(right);
  });
}

struct Table {
  std::string head;
  std::vector<Row> rows;
};

Table table_of(const std::string& trace_id, const RunRecords& found) {
  Tree tree(trace_id, found);
  Table table{"trace " + trace_id, tree.rows()};
  if (const ObservationRecord* observation = tree.any()) {
    table.head += " " + observation->trace_name + ", user " + observation->user_id + ", session " +
                  observation->session_id;
  }
  const std::string scores = tree.trace_scores();
  if (!scores.empty()) table.head += "\n  " + scores;
  return table;
}

}  // namespace

std::string trace_trees(const RunRecords& logged, RunRecords found) {
  sort_as(logged.observations, found.observations);
  sort_as(logged.scores, found.scores);
  const Row titles{"TYPE", "NAME", "LATENCY", "TOKENS", "COST", "SCORES"};
  std::vector<Row> all{titles};
  std::vector<Table> tables;
  std::set<std::string> seen;
  for (const ObservationRecord& observation : logged.observations) {
    if (!seen.insert(observation.trace_id).second) continue;
    tables.push_back(table_of(observation.trace_id, found));
    all.insert(all.end(), tables.back().rows.begin(), tables.back().rows.end());
  }
  const auto widths = widths_of(all);
  std::string text = line(titles, widths);
  for (const Table& table : tables) {
    text += table.head + "\n";
    for (const Row& row : table.rows) text += line(row, widths);
  }
  return text;
}

}  // namespace rag
