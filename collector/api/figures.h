// Figures of docs/collector.md: how many, how many failed, how long, how many tokens and what they
// cost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/api/api_fields.h"

namespace llmtrace::collector {

class Figures {
 public:
  struct Item {
    bool is_error = false;
    std::int64_t input_tokens = 0;
    std::int64_t output_tokens = 0;
    std::int64_t total_tokens = 0;
    std::optional<double> cost_usd{};
    std::optional<std::int64_t> latency_us{};
  };

  void add(const Item& item);
  /// The time that all of it took together.
  [[nodiscard]] std::int64_t latency_sum_us() const noexcept { return latency_sum_us_; }
  /// Writes the members. Sorts what was added.
  void write(ApiFields& fields);

 private:
  std::optional<double> percentile_ms(double share) const;

  std::int64_t count_ = 0;
  std::int64_t error_count_ = 0;
  std::int64_t input_tokens_ = 0;
  std::int64_t output_tokens_ = 0;
  std::int64_t total_tokens_ = 0;
  std::optional<double> cost_usd_{};
  std::int64_t latency_sum_us_ = 0;
  std::vector<std::int64_t> latencies_us_;
};

}  // namespace llmtrace::collector
