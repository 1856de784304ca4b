// Sharded<Shard> keeps one Shard for each thread slot, made when that slot's thread first writes.
// Writers never wait for each other; readers add up what they find, which may be a moment old.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <new>

#include "common/src/metrics/thread_slot.h"

namespace llmtrace {
inline namespace v0 {

/// Adds to a number that has one writer (`own`) or several.
template <class Number>
void add_to(std::atomic<Number>& number, Number amount, bool own) noexcept {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  if (own) {
    number.store(number.load(kRelaxed) + amount, kRelaxed);
  } else {
    number.fetch_add(amount, kRelaxed);
  }
}

/// The pointee, made at the first use by whoever comes first; null without memory.
template <class Object>
Object* made_once(std::atomic<Object*>& place) noexcept {
  Object* object = place.load(std::memory_order_acquire);
  if (object != nullptr) return object;
  std::unique_ptr<Object> fresh(new (std::nothrow) Object());
  if (fresh == nullptr) return nullptr;
  if (place.compare_exchange_strong(object, fresh.get(), std::memory_order_acq_rel)) {
    return fresh.release();
  }
  return object;
}

template <class Shard>
class Sharded {
 public:
  Sharded() = default;
  Sharded(const Sharded&) = delete;
  Sharded& operator=(const Sharded&) = delete;
  ~Sharded() {
    for (auto& place : shards_) delete place.load(std::memory_order_relaxed);
  }

  /// Calls `write(shard, own)`; false when there is no memory for a shard.
  template <class Write>
  bool with_own(Write&& write) noexcept {
    const ThreadSlot slot = this_thread_slot();
    Shard* const shard = made_once(shards_[slot.index]);
    if (shard == nullptr) return false;
    write(*shard, slot.is_own());
    return true;
  }
  template <class Read>
  void for_each(Read&& read) const {
    for (const auto& place : shards_) {
      if (const Shard* const shard = place.load(std::memory_order_acquire)) read(*shard);
    }
  }

 private:
  std::array<std::atomic<Shard*>, kThreadSlots + 1> shards_{};
};

}  // namespace v0
}  // namespace llmtrace
