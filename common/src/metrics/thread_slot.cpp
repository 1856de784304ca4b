#include "common/src/metrics/thread_slot.h"

#include <atomic>
#include <cstdint>

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::size_t kNone = ~std::size_t{0};

static_assert(kThreadSlots == 32, "one bit each in `taken`");
std::atomic<std::uint32_t> taken{0};

// Acquire and release: what the slot's last owner wrote is seen by its next one, who adds to it.
std::size_t take_slot() noexcept {
  std::uint32_t before = taken.load(std::memory_order_relaxed);
  while (before != ~std::uint32_t{0}) {
    const std::uint32_t lowest = ~before & (before + 1);
    if (taken.compare_exchange_weak(before, before | lowest, std::memory_order_acquire)) {
      return static_cast<std::size_t>(__builtin_ctz(lowest));
    }
  }
  return kThreadSlots;
}

void give_back(std::size_t slot) noexcept {
  taken.fetch_and(~(std::uint32_t{1} << slot), std::memory_order_release);
}

// Trivially destructible: later destructors of the thread still find it.
thread_local constinit std::size_t current = kNone;

struct GiveBack {
  ~GiveBack() {
    if (current < kThreadSlots) give_back(current);
    current = kThreadSlots;
  }
};

}  // namespace

ThreadSlot this_thread_slot() noexcept {
  if (current == kNone) {
    thread_local const GiveBack at_thread_end;
    static_cast<void>(at_thread_end);
    current = take_slot();
  }
  return {current};
}

}  // namespace v0
}  // namespace llmtrace
