// A thread's slot: a small number that is its own for as long as it lives, so that what is kept by
// slot has one writer and needs no locked instruction. Numbers are used again. Threads beyond
// kThreadSlots share one.
#pragma once

#include <cstddef>

namespace llmtrace {
inline namespace v0 {

inline constexpr std::size_t kThreadSlots = 32;

struct ThreadSlot {
  std::size_t index;  // kThreadSlots: the shared one
  bool is_own() const noexcept { return index < kThreadSlots; }
};

ThreadSlot this_thread_slot() noexcept;

}  // namespace v0
}  // namespace llmtrace
