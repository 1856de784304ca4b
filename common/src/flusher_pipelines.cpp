// The flusher's pipelines: made when a destination's first item comes, forgotten when its client
// goes.
#include <algorithm>
#include <exception>

#include "common/src/flusher_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using std::chrono::milliseconds;

constexpr auto kRelaxed = std::memory_order_relaxed;

}  // namespace

Flusher::Pipeline& Flusher::pipeline_of(const Ref<Destination>& destination) {
  const auto found = pipelines_.find(destination.get());
  if (found != pipelines_.end()) return *found->second;
  auto pipeline = std::make_unique<Pipeline>();
  pipeline->destination = destination;
  if (pipeline->collects()) {
    pipeline->next_collection = clock_.steady_now() + *destination->options().collect_every;
  }
  for (auto& encoder : destination->options().make_encoders()) {
    pipeline->lanes.push_back(std::make_unique<Lane>(
        *destination, std::move(encoder),
        LaneHost{*http_, clock_, log_, options_, next_request_id_, request_lanes_}));
  }
  for (std::size_t i = 1; i < pipeline->lanes.size(); ++i) {
    pipeline->lanes[i - 1]->precede(*pipeline->lanes[i]);
  }
  // Only when it is complete: what is in there has lanes.
  Pipeline& made = *pipelines_.emplace(destination.get(), std::move(pipeline)).first->second;
  update_thresholds();
  return made;
}

void Flusher::update_thresholds() noexcept {
  LaneLimits smallest;
  smallest.max_items = options_.max_items;
  smallest.max_bytes = options_.max_bytes / 2;
  smallest.linger = milliseconds::max();
  sharers_ = 0;
  for (const auto& [key, pipeline] : pipelines_) {
    if (pipeline->collects()) continue;
    ++sharers_;
    // The first lane carries the observations: it sets the pace. The others only shorten the
    // linger.
    const LaneLimits& first = pipeline->lanes.front()->limits();
    smallest.max_items =
        std::min(smallest.max_items, first.wake_items != 0 ? first.wake_items : first.max_items);
    smallest.max_bytes = std::min(smallest.max_bytes, first.max_bytes);
    for (const auto& lane : pipeline->lanes) {
      smallest.linger = std::min(smallest.linger, lane->limits().linger);
    }
  }
  ready_items_.store(static_cast<std::int64_t>(smallest.max_items), kRelaxed);
  ready_bytes_.store(static_cast<std::int64_t>(smallest.max_bytes), kRelaxed);
  if (sharers_ != 0) min_linger_ = smallest.linger;
  open_after_.reset();
  for (const auto& [key, pipeline] : pipelines_) {
    const auto& after = pipeline->destination->options().open_after;
    if (after) open_after_ = std::min(open_after_.value_or(*after), *after);
  }
}

// Settles all that `destination` still has here, so that its counters add up when this returns.
void Flusher::forget(const Ref<Destination>& destination) noexcept {
  set_aside_queue();
  for (const QueueItem& item : pending_) {
    if (destinations_of(item).contains(*destination)) {
      destination->settle_dropped(item.slot, DropReason::Shutdown);
    }
  }
  const auto found = pipelines_.find(destination.get());
  if (found != pipelines_.end()) {
    report_refusals();
    for (auto& lane : found->second->lanes) lane->drop_all(DropReason::Shutdown);
    settle_budget(0, 0);
    pipelines_.erase(found);
    update_thresholds();
  }
  destination->forget();
}

// For those of its destinations that are forgotten, an item is settled when it is set aside; for
// all of them when there is no memory to keep it.
void Flusher::set_aside(const QueueItem& item) noexcept {
  bool kept = true;
  try {
    pending_.push_back(item);
  } catch (const std::exception&) {
    kept = false;
  }
  for (const Ref<Destination>& destination : destinations_of(item).destinations()) {
    if (&destination->transport() != &owner_) continue;
    if (destination->is_forgotten()) {
      destination->settle_dropped(item.slot, DropReason::ClientClosed);
    } else if (!kept) {
      destination->settle_dropped(item.slot, DropReason::EncodeFailed);
    }
  }
  if (kept) return;
  release(item.bytes, 1);
  item.item->release();
}

void Flusher::set_aside_queue() noexcept {
  QueueItem item;
  while (queue_.try_dequeue(item)) {
    queued_items_.fetch_sub(1, kRelaxed);
    queued_bytes_.fetch_sub(static_cast<std::int64_t>(item.bytes), kRelaxed);
    set_aside(item);
  }
}

}  // namespace v0
}  // namespace llmtrace
