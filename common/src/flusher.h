// Flusher is the queue, its budget and the one thread that empties it. Producers call `submit`; the
// thread hands each item to the lanes of its destinations, which batch, send and judge.
//
// Flush epochs: every item is counted in the slot of the epoch in which it was submitted. A flush
// closes the epoch, so that later items get the next slot, and waits until its destinations'
// `settled` has caught up with `submitted` in each of the other slots, once. There are four slots:
// a flush that finds the next one still in use at its destination waits for that one too, later
// items included.
#pragma once

#include <llmtrace/transport.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "common/src/concurrent_queue.h"
#include "common/src/destination.h"
#include "common/src/lane.h"

namespace llmtrace {
inline namespace v0 {

/// A score on its way through the queue.
struct ScoreItem : RefCounted {
  Score score;
  Ref<const DestinationSet> destinations;
};

/// A log line on its way through the queue.
struct LogItem : RefCounted {
  LogRecord record;
  Ref<const DestinationSet> destinations;
};

/// One entry of the queue; holds one reference to a Cell, a ScoreItem or a LogItem.
struct QueueItem {
  RefCounted* item = nullptr;
  std::size_t bytes = 0;
  ItemKind kind = ItemKind::Observation;
  std::uint8_t slot = 0;
};

class RateLimitedLog;

class Flusher {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  Flusher(TransportImpl& owner, const TransportOptions& options, std::shared_ptr<HttpClient> http,
          RateLimitedLog& log);
  ~Flusher();
  Flusher(const Flusher&) = delete;
  Flusher& operator=(const Flusher&) = delete;

  /// Any thread. Queues a reference to `item` for those of `set` that belong to this flusher's
  /// transport, or drops and counts it.
  void submit(ItemKind kind, RefCounted& item, const DestinationSet& set,
              std::size_t bytes) noexcept;

  /// Prepares the lanes of a new destination.
  void adopt(const Ref<Destination>& destination) noexcept;

  /// Any thread. An observation that may have to be sent while it is open has started.
  void note_open() noexcept {
    if (open_idle_.load(std::memory_order_relaxed) && open_idle_.exchange(false)) wake();
  }

  /// Any thread but the flusher's (there: false at once). Waits until what was submitted to
  /// `destinations` before the call is settled, at most until `timeout`. True when that happened
  /// and nothing was dropped since the previous flush.
  bool flush(const std::vector<Ref<Destination>>& destinations, std::chrono::milliseconds timeout);

  /// Drops all that `destination` still holds as `DropReason::Shutdown`, aborts its requests and
  /// forgets it. The destination is closed already.
  void abandon(const Ref<Destination>& destination) noexcept;

  /// Starts the thread; false when the system has none to give.
  bool start() noexcept;
  /// Ends the thread and drops what is left.
  void stop() noexcept;
  bool on_flusher_thread() const noexcept;
  void wake() noexcept;

  /// Of this moment; any thread.
  struct Load {
    std::int64_t held_bytes = 0;
    std::int64_t held_items = 0;
    std::int64_t queued_items = 0;
  };
  Load load() const noexcept {
    constexpr auto kRelaxed = std::memory_order_relaxed;
    return {held_bytes_.load(kRelaxed), held_items_.load(kRelaxed), queued_items_.load(kRelaxed)};
  }

 private:
  struct FlushRequest;
  struct Pipeline;
  // On the stack of the thread that waits for it, so that a shutdown needs no memory.
  struct Abandonment {
    const Ref<Destination>& destination;
    Abandonment* next = nullptr;
    bool done = false;  // under request_mutex_
  };

  // Producers.
  bool reserve(std::size_t bytes) noexcept;
  bool wait_for_room(std::size_t bytes) noexcept;
  bool push(const QueueItem& item) noexcept;
  bool enqueue(const QueueItem& item) noexcept;
  void refuse_queue() noexcept;
  void release(std::size_t bytes, std::size_t items) noexcept;

  // The flusher thread.
  void run() noexcept;
  bool run_once();
  bool handle_requests();
  void begin_flushes() noexcept;
  void finish_abandonments(Abandonment* first) noexcept;
  static bool is_settled(FlushRequest& request) noexcept;
  void advance_flushes(SteadyTime now);
  void report_refusals() noexcept;
  void collect(SteadyTime now) noexcept;
  void send_open(SteadyTime now);
  void send_open(Cell& cell, SteadyTime now, const Mask* mask);
  bool in_a_hurry() const;
  bool drain_is_due(SteadyTime now);
  void go_on_looking(SteadyTime now) noexcept;
  void stop_looking() noexcept;
  SteadyTime next_look() const noexcept;
  void drain(SteadyTime now);
  void settle_budget(std::size_t released_bytes, std::size_t released_items);
  bool wants_more() const;
  bool has_room(const Pipeline& pipeline) const;
  void process(const QueueItem& item, bool was_pending, SteadyTime arrival,
               const Mask* mask) noexcept;
  template <class Item>
  void mask_item(const Destination& destination, Item& item, const Mask* mask);
  template <class Item>
  void add(Pipeline& pipeline, const Item& item, const QueueItem& entry, SteadyTime arrival,
           std::size_t room, const Mask* mask);
  void deliver(const HttpReply& reply) noexcept;
  Pipeline& pipeline_of(const Ref<Destination>& destination);
  void update_thresholds() noexcept;
  void forget(const Ref<Destination>& destination) noexcept;
  void set_aside(const QueueItem& item) noexcept;
  void set_aside_queue() noexcept;
  void notify_producers();
  std::chrono::milliseconds poll_timeout(SteadyTime now) const;

  TransportImpl& owner_;
  const TransportOptions& options_;  // the owner's
  const std::shared_ptr<HttpClient> http_;
  Clock& clock_;
  RateLimitedLog& log_;

  moodycamel::ConcurrentQueue<QueueItem> queue_;
  std::atomic<std::int64_t> held_bytes_{0};  // the budget: queued, batched, in flight
  std::atomic<std::int64_t> held_items_{0};
  std::atomic<std::int64_t> queued_items_{0};  // in queue_ alone
  std::atomic<std::int64_t> queued_bytes_{0};
  std::atomic<std::uint32_t> epoch_{0};
  std::atomic<bool> wake_pending_{false};
  // The flusher looks into the queue every few milliseconds: who puts the first item into it need
  // not wake it. Cleared before a last look, so that one of the two sees the other.
  std::atomic<bool> is_looking_{false};
  // Set by the flusher before it looks for open observations for the last time, so that who starts
  // one after that look sees it: the list's lock orders the two.
  std::atomic<bool> open_idle_{false};
  std::atomic<bool> stopped_{true};  // no thread runs and none is about to

  // What wakes the flusher before the linger is over: the smallest batch of the live destinations.
  std::atomic<std::int64_t> ready_items_{1024};
  std::atomic<std::int64_t> ready_bytes_{1 << 20};

  std::mutex room_mutex_;  // producers that wait for room
  std::condition_variable room_;
  std::atomic<int> waiting_producers_{0};

  std::mutex request_mutex_;  // guards the members from here to running_, and the requests' results
  std::condition_variable request_done_;
  std::vector<std::shared_ptr<FlushRequest>> requests_;
  std::vector<Ref<Destination>> adopted_;
  Abandonment* abandoned_ = nullptr;
  bool stopping_ = false;
  bool running_ = false;

  // The flusher thread's own.
  std::unordered_map<const Destination*, std::unique_ptr<Pipeline>> pipelines_;
  std::vector<std::shared_ptr<FlushRequest>> flushes_;
  std::deque<QueueItem> pending_;  // taken from the queue, waiting for room
  std::size_t sharers_ = 0;        // pipelines that take items from the queue
  std::int64_t lane_bytes_ = 0;    // what the lanes held when the budget was last settled
  std::int64_t lane_items_ = 0;
  std::optional<SteadyTime> waiting_since_;  // what is in the queue, about
  std::optional<SteadyTime> last_look_;      // while is_looking_
  std::chrono::milliseconds min_linger_{1000};
  std::optional<std::chrono::milliseconds> open_after_;  // the smallest of the live destinations'
  SteadyTime next_open_look_{};
  bool open_flush_ = false;  // a flush wants to see what is open, however young
  std::uint64_t next_request_id_ = 1;
  std::unordered_map<std::uint64_t, Lane*> request_lanes_;

  std::thread thread_;  // last: it uses all the others
  std::atomic<std::thread::id> thread_id_{};
};

}  // namespace v0
}  // namespace llmtrace
