// TraceIndex keeps the tables `nodes` and `trace_summaries` in step with what the intakes store, in
// the same transaction. A node that nobody knew yet is added to its trace's summary; one that comes
// again, or by a second intake, makes the summary be counted anew.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collector/database.h"
#include "collector/sqlite_statement.h"
#include "collector/traces/node.h"
#include "collector/traces/node_ids.h"
#include "collector/traces/trace_summary.h"

namespace llmtrace::collector {

class TraceIndex {
 public:
  /// What a transaction changed.
  struct News {
    std::vector<std::string> trace_ids{};
    std::vector<std::string> score_ids{};
  };
  /// `listener` hears what `announce` is told; it must not wait.
  TraceIndex(Database& database, std::function<void(const News&)> listener);

  /// Inside Database::write alone. Gives each node its row; the traces named in `touched` are
  /// counted anew. Returns the ids of the traces that changed, for `announce`.
  std::vector<std::string> put(std::vector<Node>& nodes, const std::vector<std::string>& touched);

  /// To be called when the transaction is done.
  void announce(const News& news) const;

 private:
  struct Change {
    TraceSummary summary{};
    bool is_recount = false;
  };
  using Changes = std::map<std::string, Change, std::less<>>;

  Change& change_of(const std::string& trace_id, Changes& changes);
  bool remove_old(const Node& node);
  void write(Changes& changes);
  TraceSummary recount(const std::string& trace_id);

  Database& database_;
  NodeIds ids_;
  SqliteStatement find_node_;
  SqliteStatement delete_node_;
  SqliteStatement delete_span_;
  SqliteStatement insert_node_;
  SqliteStatement find_summary_;
  SqliteStatement put_summary_;
  SqliteStatement delete_summary_;
  std::int64_t next_row_;  // used inside transactions alone
  const std::function<void(const News&)> listener_;
};

/// The nodes of a trace, each once, in order of their start. For one connection, inside a read.
std::vector<MergedNode> read_nodes(SqliteDatabase& connection, std::string_view trace_id);
/// The trace's own row of Langfuse's legacy protocol, if there is one.
std::optional<Trace> read_langfuse_trace(SqliteDatabase& connection, const std::string& trace_id);

}  // namespace llmtrace::collector
