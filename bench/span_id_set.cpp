#include "bench/span_id_set.h"

#include <utility>

namespace llmtrace::bench {
namespace {

constexpr unsigned kFirstBits =
    22;  // large enough that no benchmark of a million pays for a rehash

}  // namespace

SpanIdSet::SpanIdSet() : slots_(std::size_t{1} << kFirstBits), shift_(64 - kFirstBits) {}

bool SpanIdSet::insert(std::uint64_t id) {
  if (2 * size_ >= slots_.size()) grow();
  std::uint64_t& slot = slots_[slot_of(id)];
  if (slot == id) return false;
  slot = id;
  ++size_;
  return true;
}

// Where `id` is, or where it belongs. Linear probing from a Fibonacci hash.
std::size_t SpanIdSet::slot_of(std::uint64_t id) const noexcept {
  constexpr std::uint64_t kGoldenRatio = 0x9E3779B97F4A7C15ULL;
  std::size_t slot = (id * kGoldenRatio) >> shift_;
  while (slots_[slot] != 0 && slots_[slot] != id) slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

void SpanIdSet::grow() {
  std::vector<std::uint64_t> old(2 * slots_.size());
  std::swap(old, slots_);
  --shift_;
  for (const std::uint64_t id : old) {
    if (id != 0) slots_[slot_of(id)] = id;
  }
}

}  // namespace llmtrace::bench
