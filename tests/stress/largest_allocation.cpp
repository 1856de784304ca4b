#include "tests/stress/largest_allocation.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace llmtrace::tests {

std::size_t& largest_allocation() noexcept {
  thread_local std::size_t largest = 0;
  return largest;
}

}  // namespace llmtrace::tests

// NOLINTBEGIN(cppcoreguidelines-no-malloc): this is the allocator
void* operator new(std::size_t size) {
  std::size_t& largest = llmtrace::tests::largest_allocation();
  largest = std::max(largest, size);
  if (void* const block = std::malloc(std::max<std::size_t>(size, 1))) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t /*size*/) noexcept { std::free(block); }
// NOLINTEND(cppcoreguidelines-no-malloc)
