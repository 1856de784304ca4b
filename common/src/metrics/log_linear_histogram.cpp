#include "common/src/metrics/log_linear_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr int kMantissaBits = 52;
constexpr int kStepBits = 6;
constexpr std::uint64_t kSteps = std::uint64_t{1} << kStepBits;
constexpr int kLowestExponent = -40;
constexpr int kBias = 1023;
// The lowest bits, which no edge has.
constexpr std::uint64_t kInsideStep = (std::uint64_t{1} << (kMantissaBits - kStepBits)) - 1;

bool is_edge(double scaled) noexcept {
  return (std::bit_cast<std::uint64_t>(scaled) & kInsideStep) == 0;
}

double middle_of(std::size_t index) noexcept {
  const auto octave = static_cast<int>(index / kSteps);
  const auto step = static_cast<double>(index % kSteps);
  return std::ldexp(1 + (step + 0.5) / static_cast<double>(kSteps), octave + kLowestExponent);
}

void lower(std::atomic<double>& least, double value) noexcept {
  double known = least.load(kRelaxed);
  while (value < known && !least.compare_exchange_weak(known, value, kRelaxed)) {
  }
}

void raise(std::atomic<double>& most, double value) noexcept {
  double known = most.load(kRelaxed);
  while (value > known && !most.compare_exchange_weak(known, value, kRelaxed)) {
  }
}

}  // namespace

LogLinearHistogram::Shard::Shard() noexcept
    : min(std::numeric_limits<double>::infinity()), max(-std::numeric_limits<double>::infinity()) {}

LogLinearHistogram::Shard::~Shard() {
  for (auto& octave : octaves) delete octave.load(kRelaxed);
  delete own_counts.load(kRelaxed);
}

LogLinearHistogram::LogLinearHistogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)),
      scale_(bounds_.empty() || bounds_.front() <= 0 ? 1 : 1 / bounds_.front()),
      counts_bounds_(std::any_of(bounds_.begin(), bounds_.end(),
                                 [this](double bound) { return !is_edge(bound * scale_); })) {}

// The bits of a positive double grow with it: one less, and an edge belongs to the bucket below.
std::size_t LogLinearHistogram::index_of(double scaled) noexcept {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(scaled) - 1;
  const int exponent = static_cast<int>(bits >> kMantissaBits) - kBias;
  if (exponent < kLowestExponent) return 0;
  const auto octave = static_cast<std::size_t>(exponent - kLowestExponent);
  if (octave >= kOctaves) return kOctaves * kSteps - 1;
  return octave * kSteps + ((bits >> (kMantissaBits - kStepBits)) & (kSteps - 1));
}

void LogLinearHistogram::record(double value) noexcept {
  if (!(value >= 0) || std::isinf(value)) return;
  shards_.with_own([&](Shard& shard, bool own) { add(shard, value, own); });
}

void LogLinearHistogram::add(Shard& shard, double value, bool own) noexcept {
  if (value == 0) {
    add_to<std::uint64_t>(shard.zeros, 1, own);
  } else {
    const std::size_t index = index_of(value * scale_);
    Octave* const octave = made_once(shard.octaves[index / kSteps]);
    if (octave == nullptr) return;  // no memory: the value is lost, sum and count stay consistent
    add_to<std::uint64_t>((*octave)[index % kSteps], 1, own);
  }
  add_to(shard.sum, value, own);
  lower(shard.min, value);
  raise(shard.max, value);
  if (!counts_bounds_) return;
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  if (OwnCounts* const counts = made_once(shard.own_counts)) {
    add_to<std::uint64_t>((*counts)[static_cast<std::size_t>(bound)], 1, own);
  }
}

HistogramSnapshot LogLinearHistogram::snapshot() const {
  HistogramSnapshot result;
  result.scale = scale_;
  result.min = std::numeric_limits<double>::infinity();
  std::vector<std::uint64_t> own(bounds_.size() + 1);
  shards_.for_each([&](const Shard& shard) {
    result.zeros += shard.zeros.load(kRelaxed);
    result.sum += shard.sum.load(kRelaxed);
    result.min = std::min(result.min, shard.min.load(kRelaxed));
    result.max = std::max(result.max, shard.max.load(kRelaxed));
    for (std::size_t i = 0; i < kOctaves; ++i) {
      const Octave* const octave = shard.octaves[i].load(std::memory_order_acquire);
      if (octave == nullptr) continue;
      for (std::size_t step = 0; step < kSteps; ++step) {
        const std::uint64_t count = (*octave)[step].load(kRelaxed);
        if (count != 0) result.buckets[i * kSteps + step] += count;
      }
    }
    const OwnCounts* const counts = shard.own_counts.load(std::memory_order_acquire);
    for (std::size_t i = 0; counts != nullptr && i < own.size(); ++i)
      own[i] += (*counts)[i].load(kRelaxed);
  });
  result.count = result.zeros;
  for (const auto& [index, count] : result.buckets) result.count += count;
  // The bounds' own counts are read a moment later: the total is theirs, so that they add up to it.
  if (counts_bounds_) result.count = std::accumulate(own.begin(), own.end(), std::uint64_t{0});
  if (result.count == 0) result.min = 0;
  // All from the same look at the counts, so that no bound shows more than there are.
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < bounds_.size(); ++i) {
    if (counts_bounds_) {
      below += own[i];
    } else {
      below = result.zeros;
      const auto end = result.buckets.upper_bound(index_of(bounds_[i] * scale_));
      for (auto bucket = result.buckets.begin(); bucket != end; ++bucket) below += bucket->second;
    }
    result.at_most.push_back(std::min(below, result.count));
  }
  return result;
}

void HistogramSnapshot::merge(const HistogramSnapshot& other) {
  if (other.count == 0) return;
  scale = other.scale;
  min = count == 0 ? other.min : std::min(min, other.min);
  max = std::max(max, other.max);
  sum += other.sum;
  count += other.count;
  zeros += other.zeros;
  for (const auto& [index, number] : other.buckets) buckets[index] += number;
  at_most.resize(std::max(at_most.size(), other.at_most.size()));
  for (std::size_t i = 0; i < other.at_most.size(); ++i) at_most[i] += other.at_most[i];
}

double HistogramSnapshot::percentile(double quantile) const {
  const auto rank = static_cast<std::uint64_t>(std::ceil(quantile * static_cast<double>(count)));
  std::uint64_t seen = zeros;
  if (seen >= rank) return 0;
  for (const auto& [index, number] : buckets) {
    seen += number;
    if (seen >= rank) return std::clamp(middle_of(index) / scale, min, max);
  }
  return max;
}

Statistics HistogramSnapshot::statistics() const {
  if (count == 0) return {};
  return {.count = count,
          .sum = sum,
          .mean = sum / static_cast<double>(count),
          .median = percentile(0.5),
          .min = min,
          .max = max,
          .p95 = percentile(0.95),
          .p99 = percentile(0.99)};
}

}  // namespace v0
}  // namespace llmtrace
