// Run is one row of the table of the same name: what a post and a patch said about a run. JSON
// values are kept as the text that came; times are Unix microseconds.
//
// Runs are apart from the observations of the Langfuse side, so that a trace which a program sends
// to both is read once on either. They meet in their ids: a trace id is the same 16 bytes, a span
// id the last 8 bytes of the run's id.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace llmtrace::collector {

struct Run {
  static constexpr std::string_view kTable = "runs";
  static constexpr std::string_view kKey = "id";

  std::string id{};
  std::optional<std::string> trace_id{};
  std::optional<std::string> parent_id{};
  std::optional<std::string> dotted_order{};
  std::optional<std::string> name{};
  std::optional<std::string> run_type{};
  std::optional<std::int64_t> start_us{};
  std::optional<std::int64_t> end_us{};
  std::optional<std::string> status{};  // as given; reads derive theirs
  std::optional<std::string> error{};   // plain text
  std::optional<std::string> inputs{};  // JSON, like the five that follow
  std::optional<std::string> outputs{};
  std::optional<std::string> extra{};
  std::optional<std::string> events{};
  std::optional<std::string> tags{};
  std::optional<std::string> serialized{};
  std::optional<std::string> session_id{};
  std::optional<std::string> reference_example_id{};
  bool is_posted = false;  // reads show a run from its post on
  bool is_patched = false;
};

/// As visit_columns of Observation.
template <class Row, class Visitor>
requires std::same_as<std::remove_cvref_t<Row>, Run>
void visit_columns(Row&& row, Visitor&& visit) {
  visit("id", row.id);
  visit("trace_id", row.trace_id);
  visit("parent_id", row.parent_id);
  visit("dotted_order", row.dotted_order);
  visit("name", row.name);
  visit("run_type", row.run_type);
  visit("start_us", row.start_us);
  visit("end_us", row.end_us);
  visit("status", row.status);
  visit("error", row.error);
  visit("inputs", row.inputs);
  visit("outputs", row.outputs);
  visit("extra", row.extra);
  visit("events", row.events);
  visit("tags", row.tags);
  visit("serialized", row.serialized);
  visit("session_id", row.session_id);
  visit("reference_example_id", row.reference_example_id);
  visit("is_posted", row.is_posted);
  visit("is_patched", row.is_patched);
}

}  // namespace llmtrace::collector
