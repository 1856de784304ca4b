// LogLinearHistogram counts values in buckets that are 1/64 of a power of two wide: the middle of a
// bucket is at most 0.8 % off the values in it, from 10^-12 to 10^12 times the first bound, in a
// few kilobytes however many values there are. Any thread may record; each has counts of its own.
//
// A bucket does not hold its lower edge but its upper one, as Prometheus's "le" wants it. Bounds
// that are edges (all of OpenTelemetry's GenAI histograms are) are counted exactly without counters
// of their own; others get them.
#pragma once

#include <llmtrace/metric_registry.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "common/src/metrics/sharded.h"

namespace llmtrace {
inline namespace v0 {

/// What was recorded, added up.
struct HistogramSnapshot {
  double scale = 1;
  double sum = 0;
  double min = 0;  // of no values: 0
  double max = 0;
  std::uint64_t count = 0;
  std::uint64_t zeros = 0;
  std::map<std::size_t, std::uint64_t> buckets{};
  std::vector<std::uint64_t> at_most{};  // for each bound

  void merge(const HistogramSnapshot& other);
  /// The value that `quantile` of all values are at most, within 1 %.
  double percentile(double quantile) const;
  Statistics statistics() const;
};

class LogLinearHistogram {
 public:
  explicit LogLinearHistogram(std::vector<double> bounds);
  LogLinearHistogram(const LogLinearHistogram&) = delete;
  LogLinearHistogram& operator=(const LogLinearHistogram&) = delete;

  /// Negative and non-finite values are no measurements; they are left out.
  void record(double value) noexcept;
  const std::vector<double>& bounds() const noexcept { return bounds_; }
  HistogramSnapshot snapshot() const;

 private:
  static constexpr std::size_t kOctaves = 80;
  static constexpr std::size_t kSteps = 64;  // in one octave
  using Octave = std::array<std::atomic<std::uint64_t>, kSteps>;
  using OwnCounts = std::array<std::atomic<std::uint64_t>, kMaxBuckets>;

  struct Shard {
    std::atomic<std::uint64_t> zeros{0};
    std::atomic<double> sum{0};
    std::atomic<double> min;
    std::atomic<double> max;
    std::array<std::atomic<Octave*>, kOctaves> octaves{};
    std::atomic<OwnCounts*> own_counts{nullptr};

    Shard() noexcept;
    ~Shard();
  };

  static std::size_t index_of(double scaled) noexcept;
  void add(Shard& shard, double value, bool own) noexcept;

  const std::vector<double> bounds_;
  const double scale_;
  const bool counts_bounds_;  // some bound is no edge
  Sharded<Shard> shards_;
};

}  // namespace v0
}  // namespace llmtrace
