// What both halves of Flusher (flusher.cpp: the callers, flusher_thread.cpp: the thread) know.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "common/src/cell.h"
#include "common/src/flusher.h"

namespace llmtrace {
inline namespace v0 {

inline constexpr std::uint8_t kAllSlots = (1U << kEpochSlots) - 1;

inline std::size_t slot_of(std::uint32_t epoch) noexcept { return epoch % kEpochSlots; }

inline const DestinationSet& destinations_of(const QueueItem& item) noexcept {
  switch (item.kind) {
    case ItemKind::Score:
      return *static_cast<ScoreItem*>(item.item)->destinations;
    case ItemKind::Log:
      return *static_cast<LogItem*>(item.item)->destinations;
    default:
      return *static_cast<Cell*>(item.item)->destinations_;
  }
}

struct Flusher::FlushRequest {
  std::vector<Ref<Destination>> destinations;
  std::vector<std::uint64_t> dropped_before;
  std::vector<std::uint8_t> open_slots;  // bits: what each destination has not settled yet
  SteadyTime deadline;
  bool done = false;  // these two under request_mutex_
  bool settled = false;
};

// A destination as the flusher sees it.
struct Flusher::Pipeline {
  Ref<Destination> destination;
  std::vector<std::unique_ptr<Lane>> lanes;
  // Of one that collects.
  SteadyTime next_collection{};
  std::optional<std::size_t> collection_slot{};  // a flush wants one that counts in this epoch slot

  bool collects() const noexcept { return destination->options().collect_every.has_value(); }
  std::size_t held_bytes() const {
    std::size_t total = 0;
    for (const auto& lane : lanes) total += lane->held_bytes();
    return total;
  }
  std::size_t held_items() const {
    std::size_t total = 0;
    for (const auto& lane : lanes) total += lane->held_items();
    return total;
  }
};

}  // namespace v0
}  // namespace llmtrace
