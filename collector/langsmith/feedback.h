// Feedback is one row of the table of the same name: a judgement of a run. `score`, `value`,
// `correction`, `source` and `extra` are JSON as it came.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace llmtrace::collector {

struct Feedback {
  static constexpr std::string_view kTable = "feedback";
  static constexpr std::string_view kKey = "id";

  std::string id{};
  std::optional<std::string> run_id{};
  std::optional<std::string> trace_id{};
  std::optional<std::string> session_id{};
  std::string key{};
  std::optional<std::string> score{};
  std::optional<std::string> value{};
  std::optional<std::string> comment{};
  std::optional<std::string> correction{};
  std::optional<std::string> source{};
  std::optional<std::string> extra{};
  std::optional<std::int64_t> start_us{};
  std::optional<std::string> feedback_group_id{};
  std::optional<std::string> comparative_experiment_id{};
  std::int64_t created_us = 0;
  std::int64_t modified_us = 0;
};

/// As visit_columns of Observation.
template <class Row, class Visitor>
requires std::same_as<std::remove_cvref_t<Row>, Feedback>
void visit_columns(Row&& row, Visitor&& visit) {
  visit("id", row.id);
  visit("run_id", row.run_id);
  visit("trace_id", row.trace_id);
  visit("session_id", row.session_id);
  visit("key", row.key);
  visit("score", row.score);
  visit("value", row.value);
  visit("comment", row.comment);
  visit("correction", row.correction);
  visit("source", row.source);
  visit("extra", row.extra);
  visit("start_us", row.start_us);
  visit("feedback_group_id", row.feedback_group_id);
  visit("comparative_experiment_id", row.comparative_experiment_id);
  visit("created_us", row.created_us);
  visit("modified_us", row.modified_us);
}

}  // namespace llmtrace::collector
