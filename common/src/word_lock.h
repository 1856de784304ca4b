// WordLock is a lock of one word; the wait is a futex, the free path one compare-exchange.
#pragma once

#include <atomic>
#include <cstdint>

namespace llmtrace {
inline namespace v0 {

class WordLock {
 public:
  void lock() noexcept {
    std::uint32_t expected = kFree;
    if (word_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire)) return;
    while (word_.exchange(kContended, std::memory_order_acquire) != kFree) {
      word_.wait(kContended, std::memory_order_relaxed);
    }
  }
  void unlock() noexcept {
    if (word_.exchange(kFree, std::memory_order_release) == kContended) word_.notify_one();
  }

 private:
  static constexpr std::uint32_t kFree = 0;
  static constexpr std::uint32_t kHeld = 1;
  static constexpr std::uint32_t kContended = 2;
  std::atomic<std::uint32_t> word_{kFree};
};

}  // namespace v0
}  // namespace llmtrace
