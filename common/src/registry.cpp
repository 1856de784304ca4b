#include "common/src/registry.h"

#include <llmtrace/observed_scope.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

#include "common/src/observer.h"
#include "common/src/transport_impl.h"

namespace llmtrace {
inline namespace v0 {

namespace detail {
std::atomic<int> live_clients{0};
}  // namespace detail

namespace {

struct Registry {
  std::mutex mutex;
  std::vector<TransportImpl*> transports;
  std::vector<Ref<Destination>> live;
  Ref<const DestinationSet> global = Ref<const DestinationSet>::adopt(new DestinationSet({}, {}));
  Ref<const ObserverList> observers = Ref<const ObserverList>::adopt(new ObserverList({}));
  std::shared_ptr<TransportImpl> observers_keeper;  // keeps time where no client is live
  std::shared_ptr<const Mask> mask;
  std::atomic<std::uint64_t> version{
      1};  // of `global` and `observers`; release after the change, acquire before use
};

Registry& registry() {
  static Registry& instance = *new Registry;
  return instance;
}

Ref<const DestinationSet> rebuild_global(Registry& all) {
  std::vector<Ref<Destination>> destinations;
  for (const Ref<Destination>& destination : all.live) {
    if (destination->options().observe) destinations.push_back(destination);
  }
  auto next = Ref<const DestinationSet>::adopt(
      new DestinationSet(std::move(destinations), all.observers_keeper));
  Ref<const DestinationSet> previous = std::exchange(all.global, std::move(next));
  all.version.fetch_add(1, std::memory_order_release);
  return previous;
}

void count_live(const Registry& all) noexcept {
  const std::size_t listeners = all.live.size() + all.observers->observers.size();
  detail::live_clients.store(static_cast<int>(listeners), std::memory_order_relaxed);
}

// A thread's copy of what changes seldom.
struct Cached {
  Ref<const DestinationSet> set;
  Ref<const ObserverList> observers;
  std::uint64_t version = 0;

  Cached() = default;
  Cached(const Cached&) = delete;
  Cached& operator=(const Cached&) = delete;
  // What traces after the thread's own variables are gone, a static object's destructor, finds it
  // empty and out of date.
  ~Cached() {
    set = {};
    observers = {};
    version = 0;
  }
};
thread_local Cached cached;

Cached& up_to_date() {
  Registry& all = registry();
  if (cached.version != all.version.load(std::memory_order_acquire)) {
    // Declared first, so released after the lock: with the old set may go the last of a transport,
    // whose destructor takes the lock.
    Cached previous;
    const std::lock_guard lock(all.mutex);
    previous.set = std::exchange(cached.set, all.global);
    previous.observers = std::exchange(cached.observers, all.observers);
    cached.version = all.version.load(std::memory_order_relaxed);
  }
  return cached;
}

// With the mutex held; `observers` and the set change together.
void replace_observers(Registry& all, std::vector<Ref<Observer>> list, Cached& previous) {
  auto next = Ref<const ObserverList>::adopt(new ObserverList(std::move(list)));
  previous.set = rebuild_global(all);
  previous.observers = std::exchange(all.observers, std::move(next));
  count_live(all);
}

}  // namespace

std::mutex& registry_mutex() { return registry().mutex; }

void register_transport(TransportImpl& transport) { registry().transports.push_back(&transport); }

void unregister_transport(TransportImpl& transport) noexcept {
  std::erase(registry().transports, &transport);
}

Ref<const DestinationSet> publish_destination(const Ref<Destination>& destination) {
  Registry& all = registry();
  all.live.push_back(destination);
  try {
    Ref<const DestinationSet> previous = rebuild_global(all);
    count_live(all);
    return previous;
  } catch (const std::exception&) {  // no memory
    all.live.pop_back();
    throw;
  }
}

Ref<const DestinationSet> unpublish_destination(const Ref<Destination>& destination) noexcept {
  Registry& all = registry();
  std::erase(all.live, destination);
  count_live(all);
  try {
    return rebuild_global(all);
  } catch (const std::exception&) {  // no memory: the set still names it, and it refuses what comes
    return {};
  }
}

Ref<const DestinationSet> global_destinations() { return up_to_date().set; }

const ObserverList& current_observers() { return *up_to_date().observers; }

void add_observer(const Ref<Observer>& observer) {
  std::shared_ptr<TransportImpl> keeper = process_keeper();
  Registry& all = registry();
  Cached previous;  // released after the lock
  const std::lock_guard lock(all.mutex);
  std::vector<Ref<Observer>> list = all.observers->observers;
  list.push_back(observer);
  all.observers_keeper = std::move(keeper);
  replace_observers(all, std::move(list), previous);
}

void remove_observer(const Ref<Observer>& observer) noexcept {
  Registry& all = registry();
  Cached previous;
  const std::lock_guard lock(all.mutex);
  try {
    std::vector<Ref<Observer>> list = all.observers->observers;
    std::erase(list, observer);
    replace_observers(all, std::move(list), previous);
  } catch (const std::exception&) {  // no memory: it goes on being told
  }
}

std::vector<Ref<Destination>> live_destinations() {
  const std::lock_guard lock(registry().mutex);
  return registry().live;
}

void set_mask(Mask mask) {
  auto next = mask ? std::make_shared<const Mask>(std::move(mask)) : nullptr;
  const std::lock_guard lock(registry().mutex);
  registry().mask.swap(next);
}

std::shared_ptr<const Mask> process_mask() noexcept {
  const std::lock_guard lock(registry().mutex);
  return registry().mask;
}

void abandon_transports_after_fork() noexcept {
  for (TransportImpl* transport : registry().transports) transport->abandon_after_fork();
}

}  // namespace v0
}  // namespace llmtrace
