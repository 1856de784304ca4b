#include "collector/api/stats_route.h"

#include <llmtrace/json_writer.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "collector/api/api_error.h"
#include "collector/api/api_query.h"
#include "collector/api/figures.h"
#include "collector/iso_time.h"
#include "collector/json_reply.h"
#include "collector/row_sql.h"
#include "collector/traces/node.h"
#include "collector/traces/text_index.h"
#include "collector/traces/trace_summary.h"

namespace llmtrace::collector {
namespace {

constexpr std::int64_t kDayUs = 24LL * 3600 * 1'000'000;

struct Range {
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;
  std::int64_t step_us = 0;

  [[nodiscard]] std::size_t step_of(std::int64_t time_us) const {
    return static_cast<std::size_t>((time_us - from_us) / step_us);
  }
  [[nodiscard]] std::size_t steps() const {
    return static_cast<std::size_t>((to_us - from_us + step_us - 1) / step_us);
  }
};

// Steps that people read on a clock.
std::int64_t round_step(std::int64_t least_us) {
  constexpr std::int64_t kSecond = 1'000'000;
  for (const std::int64_t seconds :
       {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200}) {
    if (seconds * kSecond >= least_us) return seconds * kSecond;
  }
  return (least_us + kDayUs - 1) / kDayUs * kDayUs;
}

Range read_range(const ApiQuery& query) {
  Range range;
  range.to_us = query.time_us("to").value_or(now_us());
  range.from_us = query.time_us("from").value_or(range.to_us - kDayUs);
  if (range.from_us >= range.to_us) throw bad_parameter("from", "must be before to");
  const std::int64_t buckets = query.integer("buckets", 60, 500);
  range.step_us = round_step((range.to_us - range.from_us + buckets - 1) / buckets);
  return range;
}

// The figures of the traces, together and over time.
struct TraceFigures {
  Figures totals{};
  std::vector<Figures> steps{};
};

TraceFigures trace_figures(SqliteDatabase& connection, const RowFilter& filter,
                           const Range& range) {
  SqliteStatement statement(
      connection,
      "SELECT start_us, error_count, input_tokens, output_tokens, total_tokens, cost_usd, "
      "latency_us FROM trace_summaries" +
          filter.sql());
  bind_values(statement, filter);
  TraceFigures figures;
  figures.steps.resize(range.steps());
  while (statement.step()) {
    std::int64_t start_us = 0;
    std::int64_t errors = 0;
    std::int64_t latency_us = 0;
    double cost = 0;
    Figures::Item item;
    statement.read(0, start_us);
    statement.read(1, errors);
    statement.read(2, item.input_tokens);
    statement.read(3, item.output_tokens);
    statement.read(4, item.total_tokens);
    statement.read(5, cost);
    statement.read(6, latency_us);
    item.is_error = errors > 0;
    if (cost >= 0) item.cost_usd = cost;
    if (latency_us != TraceSummary::kOpen) item.latency_us = latency_us;
    figures.totals.add(item);
    figures.steps.at(range.step_of(start_us)).add(item);
  }
  return figures;
}

struct NodeFigures {
  std::map<std::string, Figures> by_model{};
  std::map<std::pair<std::string, std::string>, Figures> by_name{};
};

// A span that came in twice counts as its first source has it.
constexpr const char* kIsFirst =
    "source = 0 OR NOT EXISTS (SELECT 1 FROM nodes other WHERE other.trace_id = nodes.trace_id "
    "AND other.id = nodes.id AND other.source < nodes.source)";

NodeFigures node_figures(SqliteDatabase& connection, const RowFilter& filter) {
  SqliteStatement statement(
      connection,
      "SELECT model, COALESCE(name, ''), type, level, input_tokens, output_tokens, total_tokens, "
      "cost_usd, end_us - start_us FROM nodes" +
          filter.sql());
  bind_values(statement, filter);
  NodeFigures figures;
  while (statement.step()) {
    std::optional<std::string> model;
    std::string name;
    std::string type;
    std::int64_t level = 0;
    Figures::Item item;
    statement.read(0, model);
    statement.read(1, name);
    statement.read(2, type);
    statement.read(3, level);
    statement.read(4, item.input_tokens);
    statement.read(5, item.output_tokens);
    statement.read(6, item.total_tokens);
    statement.read(7, item.cost_usd);
    statement.read(8, item.latency_us);
    item.is_error = level == static_cast<std::int64_t>(NodeLevel::Error);
    if (item.latency_us) item.latency_us = std::max<std::int64_t>(*item.latency_us, 0);
    if (model) figures.by_model[*model].add(item);
    figures.by_name[{name, type}].add(item);
  }
  return figures;
}

// Those that took the most time come first.
template <class Key, class WriteKey>
std::string ranked_json(std::map<Key, Figures>& figures, const WriteKey& write_key) {
  constexpr std::size_t kMost = 50;
  std::vector<std::pair<const Key, Figures>*> order;
  for (auto& one : figures) order.push_back(&one);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return a->second.latency_sum_us() > b->second.latency_sum_us();
  });
  if (order.size() > kMost) order.resize(kMost);
  std::string json;
  JsonWriter writer(json);
  writer.begin_array();
  for (auto* one : order) {
    ApiFields fields(writer);
    write_key(fields, one->first);
    one->second.write(fields);
  }
  writer.end_array();
  return json;
}

std::string steps_json(const Range& range, std::vector<Figures>& steps) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_array();
  std::int64_t time_us = range.from_us;
  for (Figures& step : steps) {
    ApiFields fields(writer);
    fields.add_time_us("time", time_us);
    step.write(fields);
    time_us += range.step_us;
  }
  writer.end_array();
  return json;
}

std::string figures_json(Figures& figures) {
  std::string json;
  JsonWriter writer(json);
  {
    ApiFields fields(writer);
    figures.write(fields);
  }
  return json;
}

std::int64_t number_of(SqliteDatabase& connection, const char* sql) {
  SqliteStatement statement(connection, sql);
  std::int64_t value = 0;
  if (statement.step()) statement.read(0, value);
  return value;
}

RowFilter in_range(const Range& range) {
  RowFilter filter;
  filter.at_least("start_us", range.from_us);
  filter.less_than("start_us", range.to_us);
  return filter;
}

RowFilter node_filter(const ApiQuery& query, const Range& range) {
  RowFilter filter = in_range(range);
  filter.where(kIsFirst);
  if (const auto name = query.text("name")) {
    filter.where("trace_id IN (SELECT trace_id FROM trace_summaries WHERE name = ?)", {*name});
  }
  if (const auto environment = query.text("environment")) {
    filter.where("trace_id IN (SELECT trace_id FROM trace_summaries WHERE environment = ?)",
                 {*environment});
  }
  return filter;
}

}  // namespace

HttpResponse StatsRoute::get(const HttpRequest& request) const {
  return api_answer([&] {
    const ApiQuery query(request);
    const Range range = read_range(query);
    RowFilter traces = in_range(range);
    query.equal(traces, "name", "name");
    query.equal(traces, "environment", "environment");
    const RowFilter nodes = node_filter(query, range);
    auto [of_traces, of_nodes] = database_.snapshot([&](SqliteDatabase& connection) {
      return std::pair(trace_figures(connection, traces, range), node_figures(connection, nodes));
    });
    std::string body;
    JsonWriter writer(body);
    {
      ApiFields fields(writer);
      fields.add_time_us("from", range.from_us);
      fields.add_time_us("to", range.to_us);
      fields.add("bucket_ms", range.step_us / 1000);
      fields.add_json("totals", figures_json(of_traces.totals));
      fields.add_json("over_time", steps_json(range, of_traces.steps));
      fields.add_json("by_model",
                      ranked_json(of_nodes.by_model,
                                  [](ApiFields& out, const auto& key) { out.add("model", key); }));
      fields.add_json("by_name", ranked_json(of_nodes.by_name, [](ApiFields& out, const auto& key) {
                        out.add("name", key.first);
                        out.add("type", key.second);
                      }));
      fields.add_json("collector", collector_json());
    }
    return json_reply(200, std::move(body));
  });
}

std::string StatsRoute::collector_json() const {
  struct State {
    std::int64_t traces = 0;
    std::int64_t nodes = 0;
    std::int64_t bytes = 0;
    TextIndex::State text{};
  };
  const State state = database_.snapshot([](SqliteDatabase& connection) {
    return State{.traces = count_rows(connection, TraceSummary::kTable, {}),
                 .nodes = count_rows(connection, Node::kTable, {}),
                 .bytes = number_of(connection, "PRAGMA page_count") *
                          number_of(connection, "PRAGMA page_size"),
                 .text = TextIndex::state(connection)};
  });
  std::string text;
  JsonWriter(text).object({{"pending", state.text.pending},
                           {"lag_ms", state.text.lag_ms},
                           {"indexed", state.text.indexed}});
  std::string json;
  JsonWriter writer(json);
  {
    ApiFields fields(writer);
    fields.add("database", database_.path());
    fields.add("database_size_bytes", state.bytes);
    fields.add("trace_count", state.traces);
    fields.add("node_count", state.nodes);
    fields.add_json("text_index", text);
    add_collector_(fields);
  }
  return json;
}

}  // namespace llmtrace::collector
