#include "collector/api/trace_list_route.h"

#include <llmtrace/json_writer.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "collector/api/api_error.h"
#include "collector/api/api_fields.h"
#include "collector/api/api_query.h"
#include "collector/api/score_list.h"
#include "collector/api/trace_filter.h"
#include "collector/api/trace_json.h"
#include "collector/json_reply.h"
#include "collector/langsmith/json_fields.h"
#include "collector/row_sql.h"
#include "collector/traces/trace_summary.h"
#include "common/src/json_text.h"

namespace llmtrace::collector {
namespace {

// One way to sort: the column, and its value in the last row of a page.
struct Sorting {
  std::string_view name;
  const char* column;
  RowFilter::Value (*key)(const TraceSummary&);
};

constexpr std::array<Sorting, 4> kSortings = {{
    {"time", "start_us", [](const TraceSummary& t) { return RowFilter::Value(t.start_us); }},
    {"latency", "latency_us", [](const TraceSummary& t) { return RowFilter::Value(t.latency_us); }},
    {"cost", "cost_usd", [](const TraceSummary& t) { return RowFilter::Value(t.cost_usd); }},
    {"tokens", "total_tokens",
     [](const TraceSummary& t) { return RowFilter::Value(t.total_tokens); }},
}};

void add_next_cursor(ApiFields& fields, const std::optional<std::string>& cursor) {
  fields.add("next_cursor", cursor);
}

struct SessionRow {
  std::string id{};
  std::int64_t first_us = 0;
  std::int64_t last_us = 0;
  std::int64_t trace_count = 0;
  std::int64_t error_count = 0;
  std::optional<std::string> users{};  // JSON
  std::int64_t total_tokens = 0;
  std::optional<double> cost_usd{};
};

constexpr std::string_view kSessions =
    "SELECT session_id, MIN(start_us) AS first_us, MAX(start_us + MAX(latency_us, 0)) AS last_us, "
    "COUNT(*), SUM(error_count > 0), json_group_array(DISTINCT user_id) FILTER (WHERE user_id IS "
    "NOT NULL), SUM(total_tokens), SUM(cost_usd) FILTER (WHERE cost_usd >= 0) "
    "FROM trace_summaries";

std::vector<SessionRow> read_sessions(SqliteDatabase& connection, const RowFilter& rows,
                                      const RowFilter& groups, std::int64_t limit) {
  std::string having = groups.sql();
  if (!having.empty()) having.replace(0, std::string_view(" WHERE").size(), " HAVING");
  SqliteStatement statement(connection, std::string(kSessions) + rows.sql() +
                                            " GROUP BY session_id" + having +
                                            " ORDER BY last_us DESC, session_id DESC LIMIT ?");
  int index = bind_values(statement, rows);
  for (const RowFilter::Value& value : groups.values()) {
    ++index;
    std::visit([&](const auto& held) { statement.bind(index, held); }, value);
  }
  statement.bind(index + 1, limit);
  std::vector<SessionRow> sessions;
  while (statement.step()) {
    SessionRow& row = sessions.emplace_back();
    statement.read(0, row.id);
    statement.read(1, row.first_us);
    statement.read(2, row.last_us);
    statement.read(3, row.trace_count);
    statement.read(4, row.error_count);
    statement.read(5, row.users);
    statement.read(6, row.total_tokens);
    statement.read(7, row.cost_usd);
  }
  return sessions;
}

void write_session(JsonWriter& writer, const SessionRow& row) {
  ApiFields fields(writer);
  fields.add("session_id", row.id);
  fields.add_time_us("first_time", row.first_us);
  fields.add_time_us("last_time", row.last_us);
  fields.add("trace_count", row.trace_count);
  fields.add("error_count", row.error_count);
  fields.add_array("user_ids", row.users);
  fields.add("total_tokens", row.total_tokens);
  fields.add("cost_usd", row.cost_usd);
}

// How often each word was there, most frequent first.
class Facet {
 public:
  void add(const std::optional<std::string>& word) {
    if (word) ++counts_[*word];
  }
  void add_all(const std::string& array) {
    JsonArrayReader reader(array);
    for (std::string_view element; reader.next(element);) ++counts_[unescape_json_string(element)];
  }
  [[nodiscard]] std::string json() const {
    constexpr std::size_t kMost = 100;
    std::vector<std::pair<std::int64_t, std::string>> words;
    for (const auto& [word, count] : counts_) words.emplace_back(-count, word);
    std::sort(words.begin(), words.end());
    if (words.size() > kMost) words.resize(kMost);
    std::string text;
    for (const auto& [count, word] : words) {
      text += text.empty() ? '[' : ',';
      append_json_string(text, word);
    }
    return text.empty() ? "[]" : text + ']';
  }

 private:
  std::map<std::string, std::int64_t> counts_;
};

}  // namespace

HttpResponse TraceListRoute::traces(const HttpRequest& request) const {
  return api_answer([&] {
    const ApiQuery query(request);
    RowFilter filter = trace_filter(query);
    std::vector<std::string_view> names;
    for (const Sorting& sorting : kSortings) names.push_back(sorting.name);
    const Sorting& sorting = kSortings.at(query.choice("sort", names));
    const bool is_ascending = query.choice("order", {"desc", "asc"}) == 1;
    const std::string columns = std::string(sorting.column) + ", trace_id";
    if (auto cursor = query.cursor()) {
      is_ascending ? filter.after_ascending(columns.c_str(), std::move(*cursor))
                   : filter.after(columns.c_str(), std::move(*cursor));
    }
    const std::string direction = is_ascending ? "" : " DESC";
    const std::string order =
        " ORDER BY " + std::string(sorting.column) + direction + ", trace_id" + direction;
    const std::int64_t limit = query.limit();
    return database_.snapshot([&](SqliteDatabase& connection) {
      auto rows = read_rows<TraceSummary>(connection, filter, order.c_str(), {.limit = limit + 1});
      std::optional<std::string> next;
      if (static_cast<std::int64_t>(rows.size()) > limit) {
        rows.pop_back();
        next = api_cursor(sorting.key(rows.back()), rows.back().trace_id);
      }
      std::string list;
      JsonWriter writer(list);
      writer.begin_array();
      for (const TraceSummary& row : rows) {
        write_summary(writer, row, count_scores_of(connection, row.trace_id));
      }
      writer.end_array();
      std::string body;
      JsonWriter reply(body);
      {
        ApiFields fields(reply);
        fields.add_json("traces", list);
        add_next_cursor(fields, next);
      }
      return json_reply(200, std::move(body));
    });
  });
}

HttpResponse TraceListRoute::sessions(const HttpRequest& request) const {
  return api_answer([&] {
    const ApiQuery query(request);
    RowFilter rows;
    rows.where("session_id IS NOT NULL");
    query.equal(rows, "user", "user_id");
    query.equal(rows, "environment", "environment");
    if (const auto part = query.text("q")) rows.contains("session_id", *part);
    RowFilter groups;
    query.times(groups, "last_us");
    if (auto cursor = query.cursor()) groups.after("last_us, session_id", std::move(*cursor));
    const std::int64_t limit = query.limit();
    auto sessions = database_.snapshot([&](SqliteDatabase& connection) {
      return read_sessions(connection, rows, groups, limit + 1);
    });
    std::optional<std::string> next;
    if (static_cast<std::int64_t>(sessions.size()) > limit) {
      sessions.pop_back();
      next = api_cursor(sessions.back().last_us, sessions.back().id);
    }
    std::string list;
    JsonWriter writer(list);
    writer.begin_array();
    for (const SessionRow& row : sessions) write_session(writer, row);
    writer.end_array();
    std::string body;
    JsonWriter reply(body);
    {
      ApiFields fields(reply);
      fields.add_json("sessions", list);
      add_next_cursor(fields, next);
    }
    return json_reply(200, std::move(body));
  });
}

HttpResponse TraceListRoute::facets() const {
  return api_answer([&] {
    const auto rows = database_.snapshot([](SqliteDatabase& connection) {
      return read_rows<TraceSummary>(connection, {}, " ORDER BY start_us DESC", {.limit = 10'000});
    });
    Facet names, users, environments, tags, models, types, sources;
    for (const TraceSummary& row : rows) {
      names.add(row.name);
      users.add(row.user_id);
      environments.add(row.environment);
      tags.add_all(row.tags);
      models.add_all(row.models);
      types.add_all(row.types);
      sources.add_all(sources_json(row.sources));
    }
    std::string body;
    JsonWriter writer(body);
    {
      ApiFields fields(writer);
      fields.add_json("names", names.json());
      fields.add_json("users", users.json());
      fields.add_json("environments", environments.json());
      fields.add_json("tags", tags.json());
      fields.add_json("models", models.json());
      fields.add_json("types", types.json());
      fields.add_json("sources", sources.json());
    }
    return json_reply(200, std::move(body));
  });
}

}  // namespace llmtrace::collector
