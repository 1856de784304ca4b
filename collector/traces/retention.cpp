#include "collector/traces/retention.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>

#include "collector/iso_time.h"
#include "collector/row_sql.h"
#include "collector/traces/trace_ids.h"
#include "collector/traces/trace_summary.h"

namespace llmtrace::collector {
namespace {

constexpr std::int64_t kBatch = 100;

constexpr const char* kRemoveNodes = "DELETE FROM nodes WHERE trace_id IN (?1, ?2)";

// ?1 is the trace's id, ?2 the same as a UUID.
constexpr std::array<const char*, 11> kRemovals = {
    "DELETE FROM otlp_spans WHERE row IN (SELECT row FROM nodes WHERE trace_id IN (?1, ?2))",
    "DELETE FROM log_records WHERE trace_id IN (?1, ?2)",
    "DELETE FROM node_ids WHERE (id, row) IN (SELECT id, row FROM nodes WHERE trace_id IN (?1, "
    "?2))",
    kRemoveNodes,
    "DELETE FROM observations WHERE trace_id IN (?1, ?2)",
    "DELETE FROM traces WHERE id IN (?1, ?2)",
    "DELETE FROM scores WHERE trace_id IN (?1, ?2)",
    "DELETE FROM attachments WHERE run_id IN (SELECT id FROM runs WHERE trace_id IN (?1, ?2))",
    "DELETE FROM runs WHERE trace_id IN (?1, ?2)",
    "DELETE FROM feedback WHERE trace_id IN (?1, ?2)",
    "DELETE FROM trace_summaries WHERE trace_id IN (?1, ?2)"};

std::int64_t number_of(SqliteDatabase& connection, const char* sql) {
  SqliteStatement statement(connection, sql);
  std::int64_t number = 0;
  if (statement.step()) statement.read(0, number);
  return number;
}

}  // namespace

Retention::Retention(Database& database, TextIndex& text, const RetentionOptions& options)
    : database_(database), text_(text), options_(options) {
  if (options_.age || options_.max_size_bytes) thread_ = std::thread([this] { work(); });
}

Retention::~Retention() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Retention::work() {
  std::unique_lock lock(mutex_);
  while (!is_stopped_) {
    lock.unlock();
    try {
      remove_all();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "llmtrace-collector: old traces stay: %s\n", error.what());
    }
    lock.lock();
    changed_.wait_for(lock, options_.interval, [this] { return is_stopped_; });
  }
}

void Retention::remove_all() {
  while (options_.age && !is_stopped()) {
    const auto age_us = std::chrono::microseconds(*options_.age).count();
    const auto ids = oldest_traces(now_us() - age_us, kBatch);
    if (ids.empty()) break;
    remove(ids);
  }
  if (options_.age) remove_logs(now_us() - std::chrono::microseconds(*options_.age).count());
  if (options_.max_size_bytes) shrink();
  renew_text_index();
}

// Few at a time, for traces differ in size; the newest stays, however large.
void Retention::shrink() {
  // Asked for only when it matters, for all of the index is read.
  std::optional<std::int64_t> text_bytes;
  while (!is_stopped()) {
    const Fill fill = database_.snapshot([&](SqliteDatabase& connection) {
      return Fill{.used_bytes = (number_of(connection, "PRAGMA page_count") -
                                 number_of(connection, "PRAGMA freelist_count")) *
                                number_of(connection, "PRAGMA page_size"),
                  .traces = number_of(connection, "SELECT COUNT(*) FROM trace_summaries"),
                  .nodes = number_of(connection, "SELECT COUNT(*) FROM nodes")};
    });
    if (fill.used_bytes <= *options_.max_size_bytes || fill.traces <= 1) return;
    // The words of removed nodes go only when the text index is made anew.
    if (!text_bytes && removed_nodes_ > 0) {
      text_bytes = database_.snapshot([](SqliteDatabase& connection) {
        return number_of(connection, "SELECT COALESCE(SUM(LENGTH(block)), 0) FROM node_text_data");
      });
    }
    const std::int64_t all_nodes = std::max<std::int64_t>(1, removed_nodes_ + fill.nodes);
    const auto stale_bytes = static_cast<std::int64_t>(static_cast<double>(text_bytes.value_or(0)) *
                                                       static_cast<double>(removed_nodes_) /
                                                       static_cast<double>(all_nodes));
    if (fill.used_bytes - stale_bytes <= *options_.max_size_bytes) return;
    constexpr std::int64_t kPart = 50;
    remove(oldest_traces(std::nullopt, std::clamp<std::int64_t>(fill.traces / kPart, 1, kBatch)));
  }
}

bool Retention::is_stopped() {
  const std::lock_guard lock(mutex_);
  return is_stopped_;
}

std::vector<std::string> Retention::oldest_traces(std::optional<std::int64_t> before_us,
                                                  std::int64_t most) {
  return database_.snapshot([&](SqliteDatabase& connection) {
    RowFilter filter;
    if (before_us) {
      filter.less_than("start_us", *before_us);
      filter.where("start_us + MAX(latency_us, 0) < ?", {*before_us});  // a long one lives on
    }
    SqliteStatement statement(connection, "SELECT trace_id FROM trace_summaries" + filter.sql() +
                                              " ORDER BY start_us, trace_id LIMIT ?");
    statement.bind(bind_values(statement, filter) + 1, most);
    std::vector<std::string> ids;
    while (statement.step()) statement.read(0, ids.emplace_back());
    return ids;
  });
}

void Retention::remove(const std::vector<std::string>& trace_ids) {
  removed_nodes_ += database_.write([&] {
    std::int64_t nodes = 0;
    for (const char* sql : kRemovals) {
      SqliteStatement statement(database_.connection(), sql);
      for (const std::string& id : trace_ids) {
        const std::string uuid = uuid_of_trace(id);
        const StatementReset reset(statement);
        statement.bind(1, std::string_view(id));
        statement.bind(2, std::string_view(uuid));
        statement.step();
        if (sql == kRemoveNodes) nodes += number_of(database_.connection(), "SELECT changes()");
      }
    }
    return nodes;
  });
  removed_traces_ += static_cast<std::int64_t>(trace_ids.size());
}

// Lines of no trace, or of one that is gone already.
void Retention::remove_logs(std::int64_t before_us) {
  database_.write([&] {
    SqliteStatement statement(
        database_.connection(),
        "DELETE FROM log_records WHERE time_us < ? AND (trace_id IS NULL OR NOT EXISTS (SELECT 1 "
        "FROM trace_summaries WHERE trace_summaries.trace_id = log_records.trace_id))");
    statement.bind(1, before_us);
    statement.step();
    return true;
  });
}

// The words of removed nodes stay in the text index, found by nobody. When they are many, it is
// made anew.
void Retention::renew_text_index() {
  const std::int64_t nodes = database_.snapshot([](SqliteDatabase& connection) {
    return number_of(connection, "SELECT COUNT(*) FROM nodes");
  });
  if (removed_nodes_ == 0 || removed_nodes_ < nodes) return;
  text_.renew();
  remove_unused_resources();
  removed_nodes_ = 0;
}

void Retention::remove_unused_resources() {
  database_.write([this] {
    database_.connection().execute(
        "DELETE FROM otlp_resources WHERE id NOT IN (SELECT resource FROM otlp_spans UNION SELECT "
        "resource FROM log_records)");
    return true;
  });
}

}  // namespace llmtrace::collector
