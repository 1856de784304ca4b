// NodeIds finds nodes by their ids alone. Ids are random, so that an index which took each at once
// would write a page for each. The newest are looked for in `nodes` itself, and go into the index
// many at a time, in its order: a page then takes several.
#pragma once

#include <cstdint>
#include <string_view>

#include "collector/sqlite_statement.h"

namespace llmtrace::collector {

/// A condition on `trace_id`: of traces that have a node with the id that is bound twice.
inline constexpr std::string_view kHasNodeId =
    "trace_id IN (SELECT trace_id FROM nodes WHERE row IN (SELECT row FROM node_ids WHERE id = ?) "
    "UNION SELECT trace_id FROM nodes WHERE row > (SELECT indexed_row FROM node_ids_state) AND id "
    "= ?)";

/// Inside Database::write alone.
class NodeIds {
 public:
  /// So many may be looked through one by one.
  static constexpr std::int64_t kMostPending = 16384;

  explicit NodeIds(SqliteDatabase& connection);

  void remove(std::string_view id, std::int64_t row);
  /// Rows up to `last_row` are in `nodes`.
  void note_last_row(std::int64_t last_row);

 private:
  SqliteStatement remove_;
  SqliteStatement indexed_row_;
  SqliteStatement add_pending_;
  SqliteStatement set_indexed_row_;
};

}  // namespace llmtrace::collector
