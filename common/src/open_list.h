// OpenList is where the flusher finds observations that have been open for long: some servers
// show what is still running. An intrusive list in shards, one lock of one word each, held for a
// few instructions: opening and closing an observation costs no allocation and nothing in the
// queue.
//
// A cell is in at most one list, from its start until its end or until the flusher has taken it.
#pragma once

#include <llmtrace/clock.h>

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "common/src/ref.h"
#include "common/src/word_lock.h"

namespace llmtrace {
inline namespace v0 {

class Cell;

class OpenList {
 public:
  OpenList() = default;
  OpenList(const OpenList&) = delete;
  OpenList& operator=(const OpenList&) = delete;

  /// Any thread; the cell is not known to another one yet.
  void link(Cell& cell) noexcept;
  /// Any thread that holds a reference. Nothing when the cell has been taken.
  void unlink(Cell& cell) noexcept;

  struct Taken {
    std::vector<Ref<Cell>> cells{};
    std::optional<Timestamp> oldest_left{};  ///< when the oldest that stays was opened
  };
  /// Flusher thread. Takes out those that were opened at `bound` or before.
  Taken take(Timestamp bound);

 private:
  struct alignas(64) Shard {
    WordLock lock;  // guards the list and the links of its cells
    Cell* newest = nullptr;
    Cell* oldest = nullptr;
  };
  static void remove(Shard& shard, Cell& cell) noexcept;

  std::array<Shard, 16> shards_{};
};

}  // namespace v0
}  // namespace llmtrace
