// TraceSummary is one row of the table `trace_summaries`: a trace as lists show it, kept up to date
// with every write, so that a list reads no node. Lists of words are JSON arrays.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "collector/trace.h"
#include "collector/traces/node.h"

namespace llmtrace::collector {

struct TraceSummary {
  static constexpr std::string_view kTable = "trace_summaries";
  static constexpr std::string_view kKey = "trace_id";
  static constexpr std::int64_t kOpen = -1;   // latency_us while nothing has ended
  static constexpr double kUnknownCost = -1;  // sorts below every cost

  std::string trace_id{};
  std::int64_t start_us = 0;
  std::int64_t latency_us = kOpen;
  double cost_usd = kUnknownCost;
  std::int64_t total_tokens = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  bool cost_is_estimated = false;
  std::optional<std::string> name{};
  std::int64_t name_rank = 0;  // whose name it is: 0 nobody's, 1 a node's, 2 the root's, 3 its own
  std::int64_t level = 0;
  std::int64_t error_count = 0;
  std::int64_t node_count = 0;
  std::string types = "[]";
  std::string models = "[]";
  std::optional<std::string> user_id{};
  std::optional<std::string> session_id{};
  std::optional<std::string> environment{};
  std::string tags = "[]";
  std::optional<std::string> release{};
  std::optional<std::string> version{};
  std::int64_t sources = 0;  // bit n: Source n
  std::string search{};      // what text search finds at once, in lower case
  std::int64_t updated_us = 0;

  /// Adds a node that the summary does not have yet.
  void add(const Node& node, std::int64_t node_sources);
  /// Lays what Langfuse's legacy protocol says of the trace itself over it.
  void apply(const Trace& trace);
  /// Makes `search` from the rest. To be called when all is added.
  void finish();

 private:
  void add_time(const Node& node);
  void add_name(const Node& node);
};

/// As visit_columns of Observation.
template <class Row, class Visitor>
requires std::same_as<std::remove_cvref_t<Row>, TraceSummary>
void visit_columns(Row&& row, Visitor&& visit) {
  visit("trace_id", row.trace_id);
  visit("start_us", row.start_us);
  visit("latency_us", row.latency_us);
  visit("cost_usd", row.cost_usd);
  visit("total_tokens", row.total_tokens);
  visit("input_tokens", row.input_tokens);
  visit("output_tokens", row.output_tokens);
  visit("cost_is_estimated", row.cost_is_estimated);
  visit("name", row.name);
  visit("name_rank", row.name_rank);
  visit("level", row.level);
  visit("error_count", row.error_count);
  visit("node_count", row.node_count);
  visit("types", row.types);
  visit("models", row.models);
  visit("user_id", row.user_id);
  visit("session_id", row.session_id);
  visit("environment", row.environment);
  visit("tags", row.tags);
  visit("release", row.release);
  visit("version", row.version);
  visit("sources", row.sources);
  visit("search", row.search);
  visit("updated_us", row.updated_us);
}

}  // namespace llmtrace::collector
