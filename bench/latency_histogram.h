// LatencyHistogram counts durations in nanoseconds: exactly below 2,048 ns, above that to 0.1 %. It
// takes the same memory however many are recorded, so it does not show in a benchmark's own peak.
// One thread; `merge` joins those of several.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace llmtrace::bench {

class LatencyHistogram {
 public:
  LatencyHistogram();

  void record(std::uint64_t nanoseconds) noexcept;
  void merge(const LatencyHistogram& other) noexcept;

  double mean() const noexcept;
  /// The duration that a share of `quantile` (0 to 1) does not exceed; 0 when nothing was recorded.
  std::uint64_t quantile(double quantile) const noexcept;

 private:
  std::vector<std::uint32_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
};

}  // namespace llmtrace::bench
