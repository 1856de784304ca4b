// The flusher thread: what it does in a round, in the order in which it does it.
#include <algorithm>
#include <exception>

#include "common/src/flusher_impl.h"
#include "common/src/masking.h"
#include "common/src/own_thread.h"
#include "common/src/rate_limited_log.h"
#include "common/src/registry.h"
#include "common/src/transport_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using std::chrono::milliseconds;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::size_t kChunk = 256;          // items taken from the queue at once
constexpr std::size_t kChunksPerRound = 16;  // then the network gets its turn
constexpr milliseconds kIdlePoll = std::chrono::seconds(60);
// Under load the queue is emptied so often, not only when a batch is full: what an item held is
// used again while it is still in the processor's cache. Fewer items are not worth the look.
constexpr milliseconds kLookAgain(5);
constexpr std::int64_t kWorthALook = 32;
constexpr milliseconds kFlushPoll(1);

}  // namespace

void Flusher::run() noexcept {
  thread_id_.store(std::this_thread::get_id(), kRelaxed);
  mark_own_thread();
  for (;;) {
    try {
      if (!run_once()) break;
    } catch (const std::exception& error) {
      // No memory, most likely. Nothing is lost: what was being done is done again.
      log_.log(LogKind::Setup, LogLevel::Error, error.what());
    } catch (...) {
      log_.log(LogKind::Setup, LogLevel::Error, "the HTTP client or the clock threw");
    }
  }
  thread_id_.store(std::thread::id(), kRelaxed);
  const std::lock_guard lock(request_mutex_);
  running_ = false;
  for (const auto& request : requests_) request->done = true;
  for (const auto& request : flushes_) request->done = true;
  for (Abandonment* waiting = abandoned_; waiting != nullptr;) {
    std::exchange(waiting, waiting->next)->done = true;
  }
  requests_.clear();
  flushes_.clear();
  abandoned_ = nullptr;
  request_done_.notify_all();
}

bool Flusher::run_once() {
  // An exchange, not a store: it must see what the thread that set the flag wrote before.
  wake_pending_.exchange(false);
  if (!handle_requests()) return false;
  const SteadyTime now = clock_.steady_now();
  if (drain_is_due(now)) drain(now);
  collect(now);
  if (open_after_) send_open(now);
  const bool hurry = in_a_hurry();
  for (auto& [key, pipeline] : pipelines_) {
    bool busy = false;
    for (auto& lane : pipeline->lanes) {
      lane->follow(busy);
      lane->pump(now, hurry);
      busy = busy || !lane->is_empty();
    }
  }
  report_refusals();
  advance_flushes(now);
  notify_producers();
  for (HttpReply& reply : http_->poll(poll_timeout(clock_.steady_now()))) deliver(reply);
  settle_budget(0, 0);
  return true;
}

// Takes a request off its list only when nothing can fail any more.
bool Flusher::handle_requests() {
  Abandonment* abandoned = nullptr;
  {
    const std::lock_guard lock(request_mutex_);
    if (stopping_) return false;
    for (const Ref<Destination>& destination : adopted_) pipeline_of(destination);
    adopted_.clear();
    flushes_.reserve(flushes_.size() + requests_.size());
    if (!requests_.empty()) begin_flushes();
    abandoned = std::exchange(abandoned_, nullptr);
  }
  finish_abandonments(abandoned);
  return true;
}

void Flusher::finish_abandonments(Abandonment* first) noexcept {
  while (first != nullptr) {
    Abandonment& waiting = *first;
    forget(waiting.destination);
    const std::lock_guard lock(request_mutex_);
    first = waiting.next;
    waiting.done = true;  // from here on it is no longer there
    request_done_.notify_all();
  }
}

// Requests that came together close one epoch together. Items submitted before have one of the
// other slots, or the next one if that is still in use; see flusher.h.
void Flusher::begin_flushes() noexcept {
  const std::uint32_t next = epoch_.load(kRelaxed) + 1;
  for (auto& request : requests_) {
    for (std::size_t i = 0; i < request->destinations.size(); ++i) {
      const Ref<Destination>& destination = request->destinations[i];
      const std::size_t slot = slot_of(next);
      if (destination->is_settled(slot)) {
        request->open_slots[i] = static_cast<std::uint8_t>(kAllSlots & ~(1U << slot));
      }
      const auto found = pipelines_.find(destination.get());
      if (found == pipelines_.end()) continue;  // closed
      // A flush has no patience for our own backoff, once; it keeps to the server's Retry-After.
      for (auto& lane : found->second->lanes) lane->skip_backoff();
      open_flush_ = open_flush_ || destination->options().open_after.has_value();
      if (found->second->collects()) found->second->collection_slot = slot_of(next - 1);
    }
    flushes_.push_back(std::move(request));
  }
  requests_.clear();
  epoch_.store(next, std::memory_order_release);
}

// A slot that was seen settled once is done with: what comes into it later came after the flush.
bool Flusher::is_settled(FlushRequest& request) noexcept {
  bool settled = true;
  for (std::size_t i = 0; i < request.destinations.size(); ++i) {
    std::uint8_t& open = request.open_slots[i];
    for (std::size_t slot = 0; slot < kEpochSlots; ++slot) {
      const auto bit = static_cast<std::uint8_t>(1U << slot);
      if ((open & bit) != 0 && request.destinations[i]->is_settled(slot)) {
        open = static_cast<std::uint8_t>(open & ~bit);
      }
    }
    settled = settled && open == 0;
  }
  return settled;
}

void Flusher::advance_flushes(SteadyTime now) {
  if (flushes_.empty()) return;
  const std::lock_guard lock(request_mutex_);
  const std::size_t finished = std::erase_if(flushes_, [&](const auto& request) {
    request->settled = is_settled(*request);
    request->done = request->settled || now >= request->deadline;
    return request->done;
  });
  if (finished != 0) request_done_.notify_all();
}

// Runs the masks over a copy: the item may go to other destinations too.
template <class Item>
void Flusher::mask_item(const Destination& destination, Item& item, const Mask* mask) {
  const Mask& own = destination.options().mask;
  std::uint64_t failures = mask != nullptr ? apply_mask(item, *mask) : 0;
  if (own) failures += apply_mask(item, own);
  if (failures == 0) return;
  destination.counters().user_code_failures.fetch_add(failures, kRelaxed);
  log_.log(
      LogKind::UserCode, LogLevel::Error,
      destination.options().name +
          ": the mask function threw or returned text that is not JSON; the value was replaced");
}

// What a lane has not delivered yet is not overtaken by more of the same: the next collection tells
// of the time since. Only a flush wants the numbers of now, and counts them as its own.
void Flusher::collect(SteadyTime now) noexcept {
  for (auto& [key, pipeline] : pipelines_) {
    if (!pipeline->collects()) continue;
    const bool is_due = now >= pipeline->next_collection;
    const std::optional<std::size_t> wanted = std::exchange(pipeline->collection_slot, {});
    if (!is_due && !wanted) continue;
    pipeline->next_collection = now + *pipeline->destination->options().collect_every;
    Lane& lane = *pipeline->lanes.front();
    if (!wanted && !lane.is_empty()) continue;
    lane.collect(wanted.value_or(slot_of(epoch_.load(kRelaxed))), now, has_room(*pipeline));
  }
}

// What has been open for long is sent as it is; what was posted once leaves the list.
void Flusher::send_open(SteadyTime now) {
  const bool all = std::exchange(open_flush_, false);
  if (!all && (now < next_open_look_ || open_idle_.load())) return;
  open_idle_.store(true);
  const Timestamp bound = all ? Timestamp::max() : clock_.now() - *open_after_;
  OpenList::Taken taken = owner_.open_observations().take(bound);
  const std::shared_ptr<const Mask> mask = process_mask();
  for (const Ref<Cell>& cell : taken.cells) send_open(*cell, now, mask.get());
  next_open_look_ = now + *open_after_;
  if (taken.oldest_left) {
    open_idle_.store(false);
    const auto wait = *taken.oldest_left + *open_after_ - clock_.now();
    next_open_look_ = now + std::clamp<SteadyTime::duration>(wait, milliseconds(1), *open_after_);
  }
}

void Flusher::send_open(Cell& cell, SteadyTime now, const Mask* mask) {
  Record start;
  {
    const std::lock_guard lock(cell.lock);
    if (cell.ended) return;
    cell.start_copied = true;
    start = cell.record;
    if (start.run) start.run = Ref<RunDetails>::make(static_cast<const RunFields&>(*start.run));
  }
  for (const Ref<Destination>& destination : cell.destinations_->destinations()) {
    const auto found = pipelines_.find(destination.get());
    if (found == pipelines_.end() || !destination->options().open_after) continue;
    Pipeline& pipeline = *found->second;
    Record masked = start;
    mask_item(*destination, masked, mask);
    pipeline.lanes.front()->add_open(masked, now, has_room(pipeline) ? SIZE_MAX : 0);
  }
}

// Callers only count what they cannot queue: the user's callback runs on this thread alone.
void Flusher::report_refusals() noexcept {
  for (auto& [key, pipeline] : pipelines_) {
    auto& untold = pipeline->destination->counters().untold;
    for (std::size_t i = 0; i < untold.size(); ++i) {
      if (untold[i].load(kRelaxed) == 0) continue;
      pipeline->lanes.front()->report_refused(static_cast<DropReason>(i), untold[i].exchange(0));
    }
  }
}

bool Flusher::in_a_hurry() const {
  // Under pressure a batch that waits to become full may be all that keeps producers out.
  return !flushes_.empty() || waiting_producers_.load() != 0 ||
         held_bytes_.load(kRelaxed) > static_cast<std::int64_t>(options_.max_bytes / 4 * 3);
}

bool Flusher::drain_is_due(SteadyTime now) {
  const SteadyTime arrival = last_look_.value_or(now);  // of what was not there then
  const bool looks = last_look_ && now >= next_look();
  if (looks && queued_items_.load(kRelaxed) < kWorthALook) stop_looking();
  const std::int64_t items = queued_items_.load();
  if (items <= 0 && pending_.empty()) {
    waiting_since_.reset();
    return false;
  }
  if (!waiting_since_) {
    waiting_since_ = arrival;
    if (!last_look_) go_on_looking(now);
  }
  return !pending_.empty() || items >= ready_items_.load(kRelaxed) ||
         queued_bytes_.load(kRelaxed) >= ready_bytes_.load(kRelaxed) ||
         now >= *waiting_since_ + min_linger_ || (looks && items >= kWorthALook) || in_a_hurry();
}

void Flusher::go_on_looking(SteadyTime now) noexcept {
  last_look_ = now;
  is_looking_.store(true, kRelaxed);
}

void Flusher::stop_looking() noexcept {
  last_look_.reset();
  is_looking_.exchange(false);
}

// Nobody tells it of what comes meanwhile: no later than that may go.
Flusher::SteadyTime Flusher::next_look() const noexcept {
  return *last_look_ + std::clamp(min_linger_, milliseconds(1), kLookAgain);
}

void Flusher::drain(SteadyTime now) {
  const SteadyTime arrival = waiting_since_.value_or(now);
  const std::shared_ptr<const Mask> mask = process_mask();
  while (!pending_.empty() && wants_more()) {
    process(pending_.front(), true, arrival, mask.get());
    const std::size_t bytes = pending_.front().bytes;
    pending_.pop_front();
    settle_budget(bytes, 1);
  }
  std::array<QueueItem, kChunk> chunk;
  for (std::size_t round = 0; round < kChunksPerRound && wants_more(); ++round) {
    const std::size_t count = queue_.try_dequeue_bulk(chunk.begin(), kChunk);
    if (count == 0) break;
    std::size_t released_bytes = 0;
    std::size_t released_items = 0;
    std::int64_t bytes = 0;
    for (std::size_t i = 0; i < count; ++i) {
      bytes += static_cast<std::int64_t>(chunk[i].bytes);
      if (!wants_more()) {
        set_aside(chunk[i]);
        continue;
      }
      process(chunk[i], false, arrival, mask.get());
      released_bytes += chunk[i].bytes;
      ++released_items;
    }
    queued_items_.fetch_sub(static_cast<std::int64_t>(count), kRelaxed);
    queued_bytes_.fetch_sub(bytes, kRelaxed);
    settle_budget(released_bytes, released_items);
  }
  if (queued_items_.load(kRelaxed) <= 0) waiting_since_.reset();
  go_on_looking(now);
}

// Moves the budget from what left the queue to what the lanes hold now.
void Flusher::settle_budget(std::size_t released_bytes, std::size_t released_items) {
  std::int64_t bytes = 0;
  std::int64_t items = 0;
  for (const auto& [key, pipeline] : pipelines_) {
    bytes += static_cast<std::int64_t>(pipeline->held_bytes());
    items += static_cast<std::int64_t>(pipeline->held_items());
  }
  held_bytes_.fetch_add(bytes - lane_bytes_ - static_cast<std::int64_t>(released_bytes), kRelaxed);
  held_items_.fetch_add(items - lane_items_ - static_cast<std::int64_t>(released_items), kRelaxed);
  lane_bytes_ = bytes;
  lane_items_ = items;
}

// Whether the queue is to be drained: one destination has room and is not busy with what it has.
bool Flusher::wants_more() const {
  if (sharers_ == 0) return true;
  return std::any_of(pipelines_.begin(), pipelines_.end(), [this](const auto& entry) {
    return !entry.second->collects() && has_room(*entry.second) &&
           !entry.second->lanes.front()->is_backed_up(sharers_ == 1);
  });
}

bool Flusher::has_room(const Pipeline& pipeline) const {
  const std::size_t sharers = std::max<std::size_t>(1, sharers_);
  return pipeline.held_bytes() < options_.max_bytes / sharers &&
         pipeline.held_items() < std::max<std::size_t>(1, options_.max_items / sharers);
}

void Flusher::process(const QueueItem& item, bool was_pending, SteadyTime arrival,
                      const Mask* mask) noexcept {
  const DestinationSet& set = destinations_of(item);
  for (const Ref<Destination>& destination : set.destinations()) {
    if (&destination->transport() != &owner_) continue;
    if (destination->is_forgotten()) {
      // What was set aside, then or later, was settled when it was.
      if (!was_pending) destination->settle_dropped(item.slot, DropReason::ClientClosed);
      continue;
    }
    try {
      Pipeline& pipeline = pipeline_of(destination);
      const std::size_t room = has_room(pipeline) ? SIZE_MAX : 0;
      if (item.kind == ItemKind::Observation) {
        add(pipeline, static_cast<Cell*>(item.item)->record, item, arrival, room, mask);
      } else if (item.kind == ItemKind::Score) {
        add(pipeline, static_cast<ScoreItem*>(item.item)->score, item, arrival, room, mask);
      } else {
        add(pipeline, static_cast<LogItem*>(item.item)->record, item, arrival, room, mask);
      }
    } catch (const std::exception&) {
      destination->settle_dropped(item.slot, DropReason::EncodeFailed);
    }
  }
  if (item.kind == ItemKind::Observation && set.transports().size() == 1) {
    static_cast<Cell*>(item.item)->record.drop_payload();  // a handle may outlive this by far
  }
  item.item->release();
}

template <class Item>
void Flusher::add(Pipeline& pipeline, const Item& item, const QueueItem& entry, SteadyTime arrival,
                  std::size_t room, const Mask* mask) {
  const Destination& destination = *pipeline.destination;
  for (auto& lane : pipeline.lanes) {
    if (!lane->takes(item)) continue;
    if (mask == nullptr && !destination.options().mask) {
      lane->add(item, entry.slot, arrival, room);
      return;
    }
    Item masked = item;
    mask_item(destination, masked, mask);
    lane->add(masked, entry.slot, arrival, room);
    return;
  }
  destination.settle_dropped(entry.slot, DropReason::Rejected);
  log_.log(DropReason::Rejected, LogLevel::Warning,
           destination.options().name + ": dropped 1 item (rejected): it takes none of this kind");
}

void Flusher::deliver(const HttpReply& reply) noexcept {
  const auto found = request_lanes_.find(reply.id);
  if (found == request_lanes_.end()) return;
  Lane* const lane = found->second;
  request_lanes_.erase(found);
  lane->on_reply(reply.id, reply);
}

void Flusher::notify_producers() {
  if (waiting_producers_.load() == 0) return;
  const std::lock_guard lock(room_mutex_);
  room_.notify_all();
}

milliseconds Flusher::poll_timeout(SteadyTime now) const {
  SteadyTime deadline = now + kIdlePoll;
  // While nothing is taken from the queue its linger is of no interest; a reply comes first.
  if (waiting_since_ && wants_more()) deadline = std::min(deadline, *waiting_since_ + min_linger_);
  if (last_look_ && wants_more()) deadline = std::min(deadline, next_look());
  bool waiting_for_reply = false;
  for (const auto& [key, pipeline] : pipelines_) {
    for (const auto& lane : pipeline->lanes) {
      if (const auto next = lane->next_deadline()) deadline = std::min(deadline, *next);
      waiting_for_reply = waiting_for_reply || lane->in_flight() || !lane->is_empty();
    }
    if (pipeline->collects()) deadline = std::min(deadline, pipeline->next_collection);
  }
  if (open_after_ && !open_idle_.load()) deadline = std::min(deadline, next_open_look_);
  for (const auto& request : flushes_) {
    deadline = std::min(deadline, request->deadline);
    // An item that was counted as submitted may be a moment from the queue.
    if (!waiting_for_reply) deadline = std::min(deadline, now + kFlushPoll);
  }
  const bool more_to_drain = wants_more() && (!pending_.empty() || queued_items_.load(kRelaxed) >=
                                                                       ready_items_.load(kRelaxed));
  if (more_to_drain || deadline <= now) return milliseconds(0);
  return std::chrono::ceil<milliseconds>(deadline - now);
}

}  // namespace v0
}  // namespace llmtrace
