// FakeClock moves only when a test says so. Whoever waits by it registers a listener, which
// `advance` calls: a fake HTTP client's poll, and with it the flusher, wakes as if the time had
// passed.
#pragma once

#include <llmtrace/clock.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace llmtrace::tests {

class FakeClock final : public Clock {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  Timestamp now() noexcept override {
    return Timestamp(std::chrono::duration_cast<Timestamp::duration>(
        std::chrono::nanoseconds(wall_.load(std::memory_order_acquire))));
  }
  SteadyTime steady_now() noexcept override {
    return SteadyTime(std::chrono::nanoseconds(steady_.load(std::memory_order_acquire)));
  }

  void advance(std::chrono::nanoseconds by) {
    wall_.fetch_add(by.count(), std::memory_order_acq_rel);
    steady_.fetch_add(by.count(), std::memory_order_acq_rel);
    std::vector<std::function<void()>> listeners;
    {
      const std::lock_guard lock(mutex_);
      listeners = listeners_;
    }
    for (const auto& listener : listeners) listener();
  }
  /// What an administrator or NTP does: the wall clock alone jumps.
  void jump_wall(std::chrono::nanoseconds by) noexcept {
    wall_.fetch_add(by.count(), std::memory_order_acq_rel);
  }
  void on_advance(std::function<void()> listener) {
    const std::lock_guard lock(mutex_);
    listeners_.push_back(std::move(listener));
  }

 private:
  // 2026-11-16T08:00:00Z; any moment does, as long as it is always the same.
  std::atomic<std::int64_t> wall_{1'794'816'000'000'000'000};
  std::atomic<std::int64_t> steady_{1'000'000'000'000};
  std::mutex mutex_;  // guards listeners_
  std::vector<std::function<void()>> listeners_;
};

}  // namespace llmtrace::tests
