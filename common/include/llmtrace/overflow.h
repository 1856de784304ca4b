// Overflow says what becomes of a new item when a bounded queue is full.
#pragma once

#include <chrono>

namespace llmtrace {
inline namespace v0 {

/// What a producer does when the budget is used up.
class Overflow {
 public:
  /// The new item is dropped and counted; the caller never waits.
  static Overflow drop_newest() noexcept { return Overflow(std::chrono::milliseconds(0)); }
  /// The caller waits for room, at most so long; then the new item is dropped and counted.
  static Overflow block(std::chrono::milliseconds timeout) noexcept { return Overflow(timeout); }
  std::chrono::milliseconds timeout() const noexcept { return timeout_; }

 private:
  explicit Overflow(std::chrono::milliseconds timeout) noexcept : timeout_(timeout) {}
  std::chrono::milliseconds timeout_;
};

}  // namespace v0
}  // namespace llmtrace
