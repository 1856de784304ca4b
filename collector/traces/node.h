// Node is one row of the table `nodes`: what lists, trees and figures need of a span, an
// observation or a run, whoever sent it. The large fields stay where its intake put them, and a
// node's `source`, `key` and `row` say where that is. One span that came in by two intakes is two
// rows, which reads lay over each other.
//
// `row` grows with every write, so that whoever follows the table (the text index) knows by one
// number how far it came.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace llmtrace::collector {

/// In the order in which their values count.
enum class Source : std::int64_t { Langfuse = 0, LangSmith = 1, Otlp = 2 };

/// "langfuse", "langsmith", "otlp"
std::string_view to_string(Source source) noexcept;

/// How bad it is; the numbers are what is stored.
enum class NodeLevel : std::int64_t { Debug = 0, Default = 1, Warning = 2, Error = 3 };

std::string_view to_string(NodeLevel level) noexcept;
std::optional<NodeLevel> level_from_text(std::string_view text) noexcept;

struct Node {
  static constexpr std::string_view kTable = "nodes";
  static constexpr std::string_view kKey = "row";

  std::int64_t row = 0;
  std::string trace_id{};
  std::string id{};
  std::int64_t source = 0;
  std::optional<std::string> key{};  // where the intake's row has another id
  std::optional<std::string> parent_id{};
  std::string type = "SPAN";
  std::optional<std::string> name{};
  std::int64_t level = static_cast<std::int64_t>(NodeLevel::Default);
  std::optional<std::string> status_message{};  // its beginning
  std::int64_t start_us = 0;
  std::optional<std::int64_t> end_us{};
  std::optional<std::int64_t> first_token_us{};
  std::optional<std::string> model{};
  std::optional<std::string> provider{};
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t total_tokens = 0;
  std::optional<double> cost_usd{};
  bool cost_is_estimated = false;
  std::optional<std::string> trace_name{};
  std::optional<std::string> user_id{};
  std::optional<std::string> session_id{};
  std::optional<std::string> environment{};
  std::optional<std::string> tags{};  // a JSON array of strings
  std::optional<std::string> release{};
  std::optional<std::string> version{};
  std::int64_t stored_us = 0;
};

/// As visit_columns of Observation.
template <class Row, class Visitor>
requires std::same_as<std::remove_cvref_t<Row>, Node>
void visit_columns(Row&& row, Visitor&& visit) {
  visit("row", row.row);
  visit("trace_id", row.trace_id);
  visit("id", row.id);
  visit("source", row.source);
  visit("key", row.key);
  visit("parent_id", row.parent_id);
  visit("type", row.type);
  visit("name", row.name);
  visit("level", row.level);
  visit("status_message", row.status_message);
  visit("start_us", row.start_us);
  visit("end_us", row.end_us);
  visit("first_token_us", row.first_token_us);
  visit("model", row.model);
  visit("provider", row.provider);
  visit("input_tokens", row.input_tokens);
  visit("output_tokens", row.output_tokens);
  visit("total_tokens", row.total_tokens);
  visit("cost_usd", row.cost_usd);
  visit("cost_is_estimated", row.cost_is_estimated);
  visit("trace_name", row.trace_name);
  visit("user_id", row.user_id);
  visit("session_id", row.session_id);
  visit("environment", row.environment);
  visit("tags", row.tags);
  visit("release", row.release);
  visit("version", row.version);
  visit("stored_us", row.stored_us);
}

/// A node as one or more intakes told it.
struct MergedNode {
  Node node{};               // the first source's values, with gaps filled from the next
  std::int64_t sources = 0;  // bit n: Source n
};

/// Puts `other`, of the same span and of a later source, behind what `merged` has.
void merge_node(MergedNode& merged, Node other);

}  // namespace llmtrace::collector
