#include "collector/langsmith/run_store.h"

#include <set>
#include <string>
#include <utility>

#include "collector/traces/node_mapper.h"
#include "collector/traces/trace_ids.h"

namespace llmtrace::collector {
namespace {

RowFilter with_id(std::string_view id) {
  RowFilter filter;
  filter.equal("id", std::string(id));
  return filter;
}

// INSERT that gives a row back when it stored something. `flag` says whether the operation has
// been; `winner` is which of two values of a column stays, "runs" or "excluded".
std::string merge_run_sql(const std::string& flag, const std::string& winner) {
  const std::string other = winner == "runs" ? "excluded" : "runs";
  std::string assignments = flag + "=1";
  visit_columns(Run(), [&](const std::string& column, const auto&) {
    if (column == "id" || column.starts_with("is_")) return;
    assignments += "," + column + "=COALESCE(" + winner + "." + column + "," + other + "." + column;
    assignments += ")";
  });
  return insert_sql<Run>() + " ON CONFLICT (id) DO UPDATE SET " + assignments + " WHERE runs." +
         flag + "=0 RETURNING id";
}

void add_news(const Feedback& feedback, TraceIndex::News& news) {
  news.score_ids.push_back(feedback.id);
  if (feedback.trace_id) news.trace_ids.push_back(trace_id_of(*feedback.trace_id));
}

}  // namespace

RunStore::RunStore(Database& database, TraceIndex& index, const CostEstimator& costs)
    : database_(database),
      index_(index),
      costs_(costs),
      post_run_(database.connection(), merge_run_sql("is_posted", "runs")),
      patch_run_(database.connection(), merge_run_sql("is_patched", "excluded")),
      put_project_(database.connection(), upsert_sql<ProjectRow>(OnConflict::Keep)),
      put_attachment_(database.connection(), upsert_sql<Attachment>(OnConflict::Keep)),
      put_feedback_(database.connection(), upsert_sql<Feedback>(OnConflict::Replace)),
      put_token_(database.connection(), upsert_sql<FeedbackToken>(OnConflict::Keep)) {}

std::size_t RunStore::put(const RunBatch& batch) {
  TraceIndex::News news;
  const std::size_t repeated = database_.write([&] {
    std::size_t repetitions = 0;
    for (const RunOperation& operation : batch.operations) {
      if (operation.project) write_row(put_project_, *operation.project);
      SqliteStatement& statement = operation.operation == Operation::Post ? post_run_ : patch_run_;
      if (!write_row(statement, operation.run)) ++repetitions;
    }
    write_rows(put_attachment_, batch.attachments);
    for (Feedback feedback : batch.feedback) {
      write_feedback(feedback);
      add_news(feedback, news);
    }
    std::vector<Node> nodes = stored_nodes(batch);
    const std::vector<std::string> traces = index_.put(nodes, {});
    news.trace_ids.insert(news.trace_ids.end(), traces.begin(), traces.end());
    return repetitions;
  });
  index_.announce(news);
  return repeated;
}

// The batch's runs as they are stored now, post and patch together.
std::vector<Node> RunStore::stored_nodes(const RunBatch& batch) {
  std::set<std::string> ids;
  for (const RunOperation& operation : batch.operations) ids.insert(operation.run.id);
  std::vector<Node> nodes;
  for (const std::string& id : ids) {
    for (const Run& run : read_rows<Run>(database_.connection(), with_id(id), "", {.limit = 1})) {
      if (auto node = node_of(run, costs_)) nodes.push_back(std::move(*node));
    }
  }
  return nodes;
}

void RunStore::index_all() {
  constexpr std::int64_t kBatch = 500;
  for (RowPage page{.limit = kBatch};; page.offset += kBatch) {
    const std::vector<Run> stored = runs({}, true, page);
    if (stored.empty()) return;
    std::vector<Node> nodes;
    for (const Run& run : stored) {
      if (auto node = node_of(run, costs_)) nodes.push_back(std::move(*node));
    }
    database_.write([&] { return index_.put(nodes, {}); });
  }
}

std::optional<Run> RunStore::run(std::string_view id) {
  RowFilter filter = with_id(id);
  filter.where("is_posted");
  return first<Run>(filter);
}

std::vector<Run> RunStore::runs(RowFilter filter, bool is_ascending, const RowPage& page) {
  filter.where("is_posted");
  return database_.read([&] {
    return read_rows<Run>(
        database_.connection(), filter,
        is_ascending ? " ORDER BY start_us, id" : " ORDER BY start_us DESC, id DESC", page);
  });
}

bool RunStore::is_known(std::string_view run_id) {
  return database_.read(
      [&] { return count_rows(database_.connection(), Run::kTable, with_id(run_id)) > 0; });
}

std::vector<AttachmentInfo> RunStore::attachments(const std::vector<std::string>& run_ids) {
  RowFilter filter;
  filter.any_of("run_id", run_ids);
  return database_.read([&] {
    return read_rows<AttachmentInfo>(database_.connection(), filter, " ORDER BY run_id, name",
                                     kAllRows);
  });
}

std::optional<Attachment> RunStore::attachment(std::string_view run_id, std::string_view name) {
  RowFilter filter;
  filter.equal("run_id", std::string(run_id));
  filter.equal("name", std::string(name));
  return first<Attachment>(filter);
}

std::vector<Feedback> RunStore::feedback(const RowFilter& filter, const RowPage& page) {
  return database_.read([&] {
    return read_rows<Feedback>(database_.connection(), filter, " ORDER BY created_us DESC, id DESC",
                               page);
  });
}

std::optional<Feedback> RunStore::feedback(std::string_view id) {
  return first<Feedback>(with_id(id));
}

Feedback RunStore::put(Feedback feedback) {
  Feedback stored = database_.write([&] {
    write_feedback(feedback);
    return std::move(feedback);
  });
  TraceIndex::News news;
  add_news(stored, news);
  index_.announce(news);
  return stored;
}

std::optional<Feedback> RunStore::update_feedback(std::string_view id,
                                                  const std::function<void(Feedback&)>& change) {
  return database_.write([&] {
    auto rows = read_rows<Feedback>(database_.connection(), with_id(id), "", {.limit = 1});
    if (rows.empty()) return std::optional<Feedback>();
    change(rows.front());
    write_row(put_feedback_, rows.front());
    return std::optional(std::move(rows.front()));
  });
}

bool RunStore::remove_feedback(std::string_view id) {
  return database_.write([&] {
    SqliteStatement statement(database_.connection(),
                              "DELETE FROM feedback WHERE id = ? RETURNING id");
    statement.bind(1, id);
    return statement.step();
  });
}

void RunStore::put(const FeedbackToken& token) {
  database_.write([&] { return write_row(put_token_, token); });
}

std::optional<FeedbackToken> RunStore::token(std::string_view id) {
  return first<FeedbackToken>(with_id(id));
}

std::vector<ProjectRow> RunStore::projects(const RowFilter& filter, const RowPage& page) {
  return database_.read([&] {
    return read_rows<ProjectRow>(database_.connection(), filter,
                                 " ORDER BY created_us DESC, id DESC", page);
  });
}

std::int64_t RunStore::run_count(std::string_view project_id) {
  RowFilter filter;
  filter.equal("session_id", std::string(project_id));
  filter.where("is_posted");
  return database_.read([&] { return count_rows(database_.connection(), Run::kTable, filter); });
}

template <class Row>
std::optional<Row> RunStore::first(const RowFilter& filter) {
  auto rows = database_.read(
      [&] { return read_rows<Row>(database_.connection(), filter, "", {.limit = 1}); });
  if (rows.empty()) return std::nullopt;
  return std::move(rows.front());
}

void RunStore::write_feedback(Feedback& feedback) {
  if (feedback.run_id) {
    const auto runs =
        read_rows<Run>(database_.connection(), with_id(*feedback.run_id), "", {.limit = 1});
    if (!runs.empty() && !feedback.trace_id) feedback.trace_id = runs.front().trace_id;
    if (!runs.empty() && !feedback.session_id) feedback.session_id = runs.front().session_id;
  }
  write_row(put_feedback_, feedback);
}

}  // namespace llmtrace::collector
