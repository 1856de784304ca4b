// RunStore keeps what the LangSmith routes take in and give out: runs with their attachments,
// projects, feedback and feedback tokens; and brings the index of traces up to date with the runs.
// Any thread may call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "collector/database.h"
#include "collector/langsmith/attachment.h"
#include "collector/langsmith/feedback.h"
#include "collector/langsmith/feedback_token.h"
#include "collector/langsmith/project_row.h"
#include "collector/langsmith/run.h"
#include "collector/langsmith/run_body.h"
#include "collector/row_filter.h"
#include "collector/row_sql.h"
#include "collector/sqlite_statement.h"
#include "collector/traces/cost_estimator.h"
#include "collector/traces/node.h"
#include "collector/traces/trace_index.h"

namespace llmtrace::collector {

class RunStore {
 public:
  RunStore(Database& database, TraceIndex& index, const CostEstimator& costs);

  /// Stores each operation that the run has not had yet, in one transaction, and returns how many
  /// were repetitions. What a patch gave wins over its run's post, whichever comes first.
  std::size_t put(const RunBatch& batch);

  /// Brings an index that knows nothing yet up to date with what is stored.
  void index_all();

  /// Only runs whose post is there.
  std::optional<Run> run(std::string_view id);
  /// Newest first, or oldest first.
  std::vector<Run> runs(RowFilter filter, bool is_ascending, const RowPage& page);
  /// Whether a post or a patch of it has come.
  bool is_known(std::string_view run_id);

  std::vector<AttachmentInfo> attachments(const std::vector<std::string>& run_ids);
  std::optional<Attachment> attachment(std::string_view run_id, std::string_view name);

  /// Newest first.
  std::vector<Feedback> feedback(const RowFilter& filter, const RowPage& page);
  std::optional<Feedback> feedback(std::string_view id);
  /// Replaces feedback of the same id. The trace and the project that it does not name are its
  /// run's.
  Feedback put(Feedback feedback);
  /// The feedback as `change` left it; nothing when there is none of that id.
  std::optional<Feedback> update_feedback(std::string_view id,
                                          const std::function<void(Feedback&)>& change);
  /// False when there was none.
  bool remove_feedback(std::string_view id);

  void put(const FeedbackToken& token);
  std::optional<FeedbackToken> token(std::string_view id);

  /// Newest first.
  std::vector<ProjectRow> projects(const RowFilter& filter, const RowPage& page);
  std::int64_t run_count(std::string_view project_id);

 private:
  template <class Row>
  std::optional<Row> first(const RowFilter& filter);
  void write_feedback(Feedback& feedback);
  std::vector<Node> stored_nodes(const RunBatch& batch);

  Database& database_;
  TraceIndex& index_;
  const CostEstimator& costs_;
  SqliteStatement post_run_;
  SqliteStatement patch_run_;
  SqliteStatement put_project_;
  SqliteStatement put_attachment_;
  SqliteStatement put_feedback_;
  SqliteStatement put_token_;
};

}  // namespace llmtrace::collector
