// Trace is a row of the legacy protocol (v2, v3), where a trace is an object of its own. Traces
// that come over OTLP have no row: they are their observations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace llmtrace::collector {

struct Trace {
  static constexpr std::string_view kTable = "traces";
  static constexpr std::string_view kKey = "id";

  std::string id{};
  std::optional<std::int64_t> timestamp_ms{};
  std::optional<std::string> name{};
  std::optional<std::string> input{};  // as in Observation
  std::optional<std::string> output{};
  std::optional<std::string> session_id{};
  std::optional<std::string> user_id{};
  std::optional<std::string> environment{};
  std::optional<std::string> metadata{};  // see metadata_text.h
  std::optional<std::string> release{};
  std::optional<std::string> version{};
  std::optional<bool> is_public{};
  std::optional<std::string> tags{};  // a JSON array of strings
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
};

/// As visit_columns of Observation.
template <class Row, class Visitor>
void visit_trace_columns(Row& row, Visitor&& visit) {
  visit("id", row.id);
  visit("timestamp_ms", row.timestamp_ms);
  visit("name", row.name);
  visit("input", row.input);
  visit("output", row.output);
  visit("session_id", row.session_id);
  visit("user_id", row.user_id);
  visit("environment", row.environment);
  visit("metadata", row.metadata);
  visit("release", row.release);
  visit("version", row.version);
  visit("is_public", row.is_public);
  visit("tags", row.tags);
  visit("created_ms", row.created_ms);
  visit("updated_ms", row.updated_ms);
}

template <class Visitor>
void visit_columns(Trace& row, Visitor&& visit) {
  visit_trace_columns(row, visit);
}
template <class Visitor>
void visit_columns(const Trace& row, Visitor&& visit) {
  visit_trace_columns(row, visit);
}

}  // namespace llmtrace::collector
