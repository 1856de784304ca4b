#include "collector/traces/node_ids.h"

namespace llmtrace::collector {

NodeIds::NodeIds(SqliteDatabase& connection)
    : remove_(connection, "DELETE FROM node_ids WHERE id = ? AND row = ?"),
      indexed_row_(connection, "SELECT indexed_row FROM node_ids_state"),
      add_pending_(connection,
                   "INSERT INTO node_ids SELECT id, row FROM nodes WHERE row > ? ORDER BY id, row"),
      set_indexed_row_(connection, "UPDATE node_ids_state SET indexed_row = ?") {}

void NodeIds::remove(std::string_view id, std::int64_t row) {
  const StatementReset reset(remove_);
  remove_.bind(1, id);
  remove_.bind(2, row);
  remove_.step();
}

// The row is read each time: what a transaction added that was rolled back is pending again.
void NodeIds::note_last_row(std::int64_t last_row) {
  std::int64_t indexed = 0;
  {
    const StatementReset reset(indexed_row_);
    if (indexed_row_.step()) indexed_row_.read(0, indexed);
  }
  if (last_row - indexed < kMostPending) return;
  const StatementReset reset_add(add_pending_);
  add_pending_.bind(1, indexed);
  add_pending_.step();
  const StatementReset reset_set(set_indexed_row_);
  set_indexed_row_.bind(1, last_row);
  set_indexed_row_.step();
}

}  // namespace llmtrace::collector
