// Score is one row of the table of the same name. `number` holds NUMERIC and BOOLEAN values, `text`
// the others. Exactly one of trace, session and dataset run is what the score is about.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace llmtrace::collector {

struct Score {
  static constexpr std::string_view kTable = "scores";
  static constexpr std::string_view kKey = "id";

  std::string id{};
  std::optional<std::string> trace_id{};
  std::optional<std::string> observation_id{};  // only with trace_id
  std::optional<std::string> session_id{};
  std::optional<std::string> dataset_run_id{};
  std::string name{};
  std::string data_type{};  // NUMERIC, CATEGORICAL, BOOLEAN, TEXT or CORRECTION
  std::optional<double> number{};
  std::optional<std::string> text{};
  std::string source{};
  std::optional<std::string> comment{};
  std::optional<std::string> metadata{};  // a JSON object
  std::optional<std::string> config_id{};
  std::optional<std::string> queue_id{};
  std::string environment{};
  std::int64_t timestamp_ms = 0;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
};

/// As visit_columns of Observation.
template <class Row, class Visitor>
void visit_score_columns(Row& row, Visitor&& visit) {
  visit("id", row.id);
  visit("trace_id", row.trace_id);
  visit("observation_id", row.observation_id);
  visit("session_id", row.session_id);
  visit("dataset_run_id", row.dataset_run_id);
  visit("name", row.name);
  visit("data_type", row.data_type);
  visit("number", row.number);
  visit("text", row.text);
  visit("source", row.source);
  visit("comment", row.comment);
  visit("metadata", row.metadata);
  visit("config_id", row.config_id);
  visit("queue_id", row.queue_id);
  visit("environment", row.environment);
  visit("timestamp_ms", row.timestamp_ms);
  visit("created_ms", row.created_ms);
  visit("updated_ms", row.updated_ms);
}

template <class Visitor>
void visit_columns(Score& row, Visitor&& visit) {
  visit_score_columns(row, visit);
}
template <class Visitor>
void visit_columns(const Score& row, Visitor&& visit) {
  visit_score_columns(row, visit);
}

}  // namespace llmtrace::collector
