#include "common/src/registry.h"

#include <llmtrace/observed_scope.h>

#include <algorithm>
#include <atomic>
#include <utility>

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
  Ref<const DestinationSet> global = Ref<const DestinationSet>::adopt(new DestinationSet({}));
  std::shared_ptr<const Mask> mask;
  std::atomic<std::uint64_t> version{
      1};  // of `global`; release after the change, acquire before use
};

Registry& registry() noexcept {
  static Registry& instance = *new Registry;
  return instance;
}

void rebuild_global(Registry& all) {
  std::vector<Ref<Destination>> destinations;
  for (const Ref<Destination>& destination : all.live) {
    if (destination->options().observe) destinations.push_back(destination);
  }
  all.global = Ref<const DestinationSet>::adopt(new DestinationSet(std::move(destinations)));
  all.version.fetch_add(1, std::memory_order_release);
  detail::live_clients.store(static_cast<int>(all.live.size()), std::memory_order_relaxed);
}

struct CachedSet {
  Ref<const DestinationSet> set;
  std::uint64_t version = 0;
};
thread_local CachedSet cached_set;

}  // namespace

std::mutex& registry_mutex() noexcept { return registry().mutex; }

void register_transport(TransportImpl& transport) { registry().transports.push_back(&transport); }

void unregister_transport(TransportImpl& transport) noexcept {
  std::erase(registry().transports, &transport);
}

void publish_destination(const Ref<Destination>& destination) {
  registry().live.push_back(destination);
  rebuild_global(registry());
}

void unpublish_destination(const Ref<Destination>& destination) noexcept {
  std::erase(registry().live, destination);
  rebuild_global(registry());
}

Ref<const DestinationSet> global_destinations() {
  Registry& all = registry();
  if (cached_set.version != all.version.load(std::memory_order_acquire)) {
    // Declared first, so released after the lock: with the old set may go the last of a transport,
    // whose destructor takes the lock.
    Ref<const DestinationSet> previous;
    const std::lock_guard lock(all.mutex);
    previous = std::exchange(cached_set.set, all.global);
    cached_set.version = all.version.load(std::memory_order_relaxed);
  }
  return cached_set.set;
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
