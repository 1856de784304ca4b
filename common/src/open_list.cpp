#include "common/src/open_list.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "common/src/cell.h"

namespace llmtrace {
inline namespace v0 {
namespace {

// Threads that start observations get shards of their own as far as they go round.
std::size_t shard_of_this_thread() noexcept {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t number = threads.fetch_add(1, std::memory_order_relaxed);
  return number;
}

}  // namespace

void OpenList::link(Cell& cell) noexcept {
  const std::size_t index = shard_of_this_thread() % shards_.size();
  Shard& shard = shards_[index];
  OpenLinks& links = cell.open;
  links.shard = static_cast<std::uint8_t>(index);
  const std::lock_guard lock(shard.lock);
  links.older = shard.newest;
  links.linked = true;
  (shard.newest != nullptr ? shard.newest->open.newer : shard.oldest) = &cell;
  shard.newest = &cell;
}

void OpenList::unlink(Cell& cell) noexcept {
  Shard& shard = shards_[cell.open.shard];
  const std::lock_guard lock(shard.lock);
  if (cell.open.linked) remove(shard, cell);
}

void OpenList::remove(Shard& shard, Cell& cell) noexcept {
  OpenLinks& links = cell.open;
  (links.newer != nullptr ? links.newer->open.older : shard.newest) = links.older;
  (links.older != nullptr ? links.older->open.newer : shard.oldest) = links.newer;
  links.newer = links.older = nullptr;
  links.linked = false;
}

OpenList::Taken OpenList::take(Timestamp bound) {
  constexpr std::size_t kAtOnce = 64;  // so that a producer waits for no allocation
  Taken taken;
  for (Shard& shard : shards_) {
    for (bool more = true; more;) {
      taken.cells.reserve(taken.cells.size() + kAtOnce);
      const std::lock_guard lock(shard.lock);
      more = false;
      for (std::size_t i = 0; shard.oldest != nullptr; ++i) {
        Cell& cell = *shard.oldest;
        const Timestamp since = cell.open.since;
        if (since > bound) {
          taken.oldest_left = std::min(taken.oldest_left.value_or(since), since);
          break;
        }
        if (i == kAtOnce) {
          more = true;
          break;
        }
        // It is not ended yet, so somebody has a reference to it.
        taken.cells.push_back(Ref<Cell>::share(&cell));
        remove(shard, cell);
      }
    }
  }
  return taken;
}

}  // namespace v0
}  // namespace llmtrace
