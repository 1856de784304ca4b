#include "common/src/flusher.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <exception>

#include "common/src/flusher_impl.h"
#include "common/src/rate_limited_log.h"
#include "common/src/registry.h"
#include "common/src/transport_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using std::chrono::milliseconds;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr milliseconds kLongestWait = std::chrono::hours(24 * 365);

// A wait of any length, such that a deadline can be computed from it.
milliseconds bounded(milliseconds wait) noexcept {
  return std::clamp(wait, milliseconds(0), kLongestWait);
}

}  // namespace

Flusher::Flusher(TransportImpl& owner, const TransportOptions& options,
                 std::shared_ptr<HttpClient> http, RateLimitedLog& log)
    : owner_(owner),
      options_(options),
      http_(std::move(http)),
      clock_(*options_.clock),
      log_(log) {}

Flusher::~Flusher() {
  stop();
  for (const QueueItem& pending : pending_)
    pending.item->release();  // settled when they were set aside
}

// ---- Producers

void Flusher::submit(ItemKind kind, RefCounted& item, const DestinationSet& set,
                     std::size_t bytes) noexcept {
  const std::size_t slot = slot_of(epoch_.load(std::memory_order_acquire));
  bool wanted = false;
  for (const Ref<Destination>& destination : set.destinations()) {
    if (&destination->transport() != &owner_) continue;
    destination->counters().submitted[slot].fetch_add(1, kRelaxed);
    wanted = wanted || !destination->is_closed();
  }
  DropReason failure = DropReason::ClientClosed;
  if (wanted) {
    failure = DropReason::QueueFull;
    if (reserve(bytes) || wait_for_room(bytes)) {
      item.retain();
      // From here on the flusher settles it, for those that are closed too.
      if (push({&item, bytes, kind, static_cast<std::uint8_t>(slot)})) return;
      item.release();
      release(bytes, 1);
      failure = DropReason::EncodeFailed;  // no memory for the queue
    }
  }
  for (const Ref<Destination>& destination : set.destinations()) {
    if (&destination->transport() == &owner_) destination->settle_untold(slot, failure);
  }
  if (failure == DropReason::ClientClosed) {  // nobody is left who would tell of it
    log_.log(failure, LogLevel::Warning,
             "dropped 1 item (client_closed): its client has been shut down; keep the client until "
             "all that it traces has ended");
  }
}

bool Flusher::reserve(std::size_t bytes) noexcept {
  const auto size = static_cast<std::int64_t>(bytes);
  const std::int64_t total = held_bytes_.fetch_add(size, kRelaxed) + size;
  const std::int64_t items = held_items_.fetch_add(1, kRelaxed) + 1;
  // One item alone always fits, however large.
  const bool fits = (total <= static_cast<std::int64_t>(options_.max_bytes) || total == size) &&
                    items <= static_cast<std::int64_t>(options_.max_items);
  if (!fits) release(bytes, 1);
  return fits;
}

bool Flusher::wait_for_room(std::size_t bytes) noexcept {
  constexpr milliseconds kRecheck(100);
  const milliseconds timeout = bounded(options_.overflow.timeout());
  if (timeout <= milliseconds(0) || on_flusher_thread()) return false;
  const SteadyTime deadline = clock_.steady_now() + timeout;
  // Announced before the last look, and the flusher looks after it made room: one of the two sees
  // it.
  waiting_producers_.fetch_add(1);
  wake();
  bool reserved = false;
  {
    std::unique_lock lock(room_mutex_);
    while (!(reserved = reserve(bytes)) && clock_.steady_now() < deadline) {
      room_.wait_for(lock, std::min(timeout, kRecheck));
    }
  }
  waiting_producers_.fetch_sub(1);
  return reserved;
}

bool Flusher::push(const QueueItem& item) noexcept {
  if (!enqueue(item)) return false;
  // Counted after it is in the queue, with a full barrier: either stop() finds the item there, or
  // it is seen here that the thread has ended. For a moment the flusher may have taken what is not
  // counted yet.
  const auto size = static_cast<std::int64_t>(item.bytes);
  const std::int64_t items_before = queued_items_.fetch_add(1);
  const std::int64_t bytes_before = queued_bytes_.fetch_add(size, kRelaxed);
  if (stopped_.load()) {
    refuse_queue();
    return true;
  }
  // The first item starts the linger, a batch's worth ends it; nobody else wakes the thread. A
  // thread that looks by itself finds the first without being woken.
  const std::int64_t ready_items = ready_items_.load(kRelaxed);
  const std::int64_t ready_bytes = ready_bytes_.load(kRelaxed);
  const bool now_ready = (items_before < ready_items && items_before + 1 >= ready_items) ||
                         (bytes_before < ready_bytes && bytes_before + size >= ready_bytes);
  if ((items_before == 0 && !is_looking_.load()) || now_ready) wake();
  return true;
}

bool Flusher::enqueue(const QueueItem& item) noexcept {
  try {
    if (queue_.enqueue(item)) return true;
    // No memory. What a thread first enqueued without any has no index for ever after; one made
    // for this item, or left by another, finds memory once there is some.
    const moodycamel::ProducerToken token(queue_);
    return token.valid() && queue_.enqueue(token, item);
  } catch (const std::exception&) {
    return false;
  }
}

void Flusher::wake() noexcept {
  if (!wake_pending_.exchange(true)) http_->wakeup();
}

void Flusher::release(std::size_t bytes, std::size_t items) noexcept {
  held_bytes_.fetch_sub(static_cast<std::int64_t>(bytes), kRelaxed);
  held_items_.fetch_sub(static_cast<std::int64_t>(items), kRelaxed);
}

// ---- Requests to the thread

bool Flusher::flush(const std::vector<Ref<Destination>>& destinations, milliseconds timeout) {
  if (on_flusher_thread()) return false;
  timeout = bounded(timeout);
  auto request = std::make_shared<FlushRequest>();
  request->destinations = destinations;
  request->deadline = clock_.steady_now() + timeout;

  request->open_slots.assign(destinations.size(), kAllSlots);

  std::unique_lock lock(request_mutex_);
  for (const Ref<Destination>& destination : destinations) {
    request->dropped_before.push_back(destination->counters().flushed_drops.load(kRelaxed));
  }
  if (running_) {
    requests_.push_back(request);
    wake();
  } else {  // without a thread nothing is on its way
    request->settled = is_settled(*request);
    request->done = true;
  }
  // The thread ends the request by its clock; the wait here ends it should the thread be stuck in
  // the user's code.
  const auto give_up = std::chrono::steady_clock::now() + timeout;
  request_done_.wait_until(lock, give_up, [&] { return request->done; });
  bool complete = request->settled;
  for (std::size_t i = 0; i < destinations.size(); ++i) {
    const std::uint64_t dropped = destinations[i]->counters().dropped_total();
    complete = complete && dropped == request->dropped_before[i];
    if (request->settled) destinations[i]->counters().flushed_drops.store(dropped, kRelaxed);
  }
  return complete;
}

void Flusher::adopt(const Ref<Destination>& destination) noexcept {
  try {
    const std::lock_guard lock(request_mutex_);
    adopted_.push_back(destination);
    wake();
  } catch (const std::exception&) {  // no memory: its first item will prepare them
  }
}

void Flusher::abandon(const Ref<Destination>& destination) noexcept {
  std::unique_lock lock(request_mutex_);
  if (!running_) return;
  Abandonment mine{.destination = destination, .next = abandoned_};
  abandoned_ = &mine;
  wake();
  request_done_.wait(lock, [&] { return mine.done; });
}

bool Flusher::start() noexcept {
  if (thread_.joinable()) return true;
  // Signals are the program's business: the thread inherits a mask that blocks them all.
  sigset_t all;
  sigset_t previous;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous);
  try {
    {
      const std::lock_guard lock(request_mutex_);
      stopping_ = false;
      running_ = true;
    }
    stopped_.store(false);
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), "llmtrace");
  } catch (const std::exception&) {  // the system has no thread to give; the caller says so
    const std::lock_guard lock(request_mutex_);
    running_ = false;
  }
  pthread_sigmask(SIG_SETMASK, &previous, nullptr);
  return thread_.joinable();
}

void Flusher::stop() noexcept {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(request_mutex_);
    stopping_ = true;
  }
  wake();
  thread_.join();
  stopped_.store(true);
  refuse_queue();
}

// Without a thread no client is live: what producers were still handing in is counted and dropped.
void Flusher::refuse_queue() noexcept {
  QueueItem item;
  while (queue_.try_dequeue(item)) {
    const DestinationSet& set = destinations_of(item);
    const bool reopened = std::any_of(set.destinations().begin(), set.destinations().end(),
                                      [this](const Ref<Destination>& ref) {
                                        return &ref->transport() == &owner_ && !ref->is_closed();
                                      });
    // A client was made meanwhile and the thread runs again: the item is its business.
    if (reopened && enqueue(item)) return;
    for (const Ref<Destination>& destination : set.destinations()) {
      if (&destination->transport() != &owner_) continue;
      destination->settle_dropped(item.slot, DropReason::ClientClosed);
    }
    queued_items_.fetch_sub(1, kRelaxed);
    queued_bytes_.fetch_sub(static_cast<std::int64_t>(item.bytes), kRelaxed);
    release(item.bytes, 1);
    item.item->release();
  }
}

bool Flusher::on_flusher_thread() const noexcept {
  return thread_id_.load(kRelaxed) == std::this_thread::get_id();
}

}  // namespace v0
}  // namespace llmtrace
