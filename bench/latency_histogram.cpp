#include "bench/latency_histogram.h"

#include <bit>
#include <cmath>

namespace llmtrace::bench {
namespace {

// Values of up to 11 bits have buckets of their own; of longer ones the 11 highest bits count.
constexpr unsigned kExactBits = 11;
constexpr std::size_t kHalf = std::size_t{1} << (kExactBits - 1);
constexpr unsigned kMaxBits = 40;  // 18 minutes

std::size_t bucket_of(std::uint64_t value) noexcept {
  const auto bits = static_cast<unsigned>(std::bit_width(value));
  if (bits <= kExactBits) return value;
  if (bits > kMaxBits) return bucket_of((std::uint64_t{1} << kMaxBits) - 1);
  const unsigned shift = bits - kExactBits;
  return shift * kHalf + (value >> shift);
}

// The largest value of a bucket.
std::uint64_t value_of(std::size_t bucket) noexcept {
  if (bucket < 2 * kHalf) return bucket;
  const std::size_t shift = bucket / kHalf - 1;
  return ((bucket - shift * kHalf + 1) << shift) - 1;
}

}  // namespace

LatencyHistogram::LatencyHistogram() : buckets_((kMaxBits - kExactBits + 2) * kHalf) {}

void LatencyHistogram::record(std::uint64_t nanoseconds) noexcept {
  ++buckets_[bucket_of(nanoseconds)];
  ++count_;
  sum_ += nanoseconds;
}

void LatencyHistogram::merge(const LatencyHistogram& other) noexcept {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
}

double LatencyHistogram::mean() const noexcept {
  return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

std::uint64_t LatencyHistogram::quantile(double quantile) const noexcept {
  const auto rank = static_cast<std::uint64_t>(std::ceil(quantile * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank && seen > 0) return value_of(i);
  }
  return 0;
}

}  // namespace llmtrace::bench
