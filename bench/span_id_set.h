// SpanIdSet is the set of span ids that the sink has seen: open addressing over one array of 8-byte
// words, so that a million ids cost 16 MB and an insert one cache miss. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace llmtrace::bench {

class SpanIdSet {
 public:
  SpanIdSet();

  /// False when `id` was there already. Zero is not an id.
  bool insert(std::uint64_t id);

 private:
  std::size_t slot_of(std::uint64_t id) const noexcept;
  void grow();

  std::vector<std::uint64_t> slots_;  // 0: free
  unsigned shift_;                    // 64 - log2(slots_.size())
  std::size_t size_ = 0;
};

}  // namespace llmtrace::bench
