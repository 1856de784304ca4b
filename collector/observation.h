// Observation is one row of the table of the same name: what the collector keeps of a span or of a
// legacy observation. Values are stored as text; times are Unix milliseconds, as at the real
// server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace llmtrace::collector {

struct Observation {
  static constexpr std::string_view kTable = "observations";
  static constexpr std::string_view kKey = "trace_id, id";

  std::string trace_id{};
  std::string id{};
  std::optional<std::string> parent_id{};
  std::optional<bool> is_app_root{};
  std::optional<std::string> type{};  // upper case
  std::optional<std::string> name{};
  std::optional<std::int64_t> start_ms{};
  std::optional<std::int64_t> end_ms{};
  std::optional<std::int64_t> completion_start_ms{};
  std::optional<std::string> level{};
  std::optional<std::string> status_message{};
  std::optional<std::string> version{};
  std::optional<std::string> environment{};
  std::optional<std::string> user_id{};
  std::optional<std::string> session_id{};
  std::optional<std::string> input{};     // a plain string, or the text of another JSON value
  std::optional<std::string> output{};    // the same
  std::optional<std::string> metadata{};  // see metadata_text.h
  std::optional<std::string> model{};
  std::optional<std::string> model_parameters{};  // a JSON object
  std::optional<std::string> usage_details{};     // a JSON object of integers
  std::optional<std::string> cost_details{};      // a JSON object of numbers
  std::optional<std::string> prompt_name{};
  std::optional<std::int64_t> prompt_version{};
  std::optional<std::string> trace_name{};
  std::optional<std::string> tags{};  // a JSON array of strings
  std::optional<std::string> release{};
  std::optional<bool> is_public{};
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
};

/// Calls `visit(column name, member)` for each column, in the table's order: the one place that
/// pairs them, for writing and for reading.
template <class Row, class Visitor>
void visit_observation_columns(Row& row, Visitor&& visit) {
  visit("trace_id", row.trace_id);
  visit("id", row.id);
  visit("parent_id", row.parent_id);
  visit("is_app_root", row.is_app_root);
  visit("type", row.type);
  visit("name", row.name);
  visit("start_ms", row.start_ms);
  visit("end_ms", row.end_ms);
  visit("completion_start_ms", row.completion_start_ms);
  visit("level", row.level);
  visit("status_message", row.status_message);
  visit("version", row.version);
  visit("environment", row.environment);
  visit("user_id", row.user_id);
  visit("session_id", row.session_id);
  visit("input", row.input);
  visit("output", row.output);
  visit("metadata", row.metadata);
  visit("model", row.model);
  visit("model_parameters", row.model_parameters);
  visit("usage_details", row.usage_details);
  visit("cost_details", row.cost_details);
  visit("prompt_name", row.prompt_name);
  visit("prompt_version", row.prompt_version);
  visit("trace_name", row.trace_name);
  visit("tags", row.tags);
  visit("release", row.release);
  visit("is_public", row.is_public);
  visit("created_ms", row.created_ms);
  visit("updated_ms", row.updated_ms);
}

template <class Visitor>
void visit_columns(Observation& row, Visitor&& visit) {
  visit_observation_columns(row, visit);
}
template <class Visitor>
void visit_columns(const Observation& row, Visitor&& visit) {
  visit_observation_columns(row, visit);
}

}  // namespace llmtrace::collector
