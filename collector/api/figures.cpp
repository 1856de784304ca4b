#include "collector/api/figures.h"

#include <algorithm>
#include <cmath>

namespace llmtrace::collector {

void Figures::add(const Item& item) {
  ++count_;
  if (item.is_error) ++error_count_;
  input_tokens_ += item.input_tokens;
  output_tokens_ += item.output_tokens;
  total_tokens_ += item.total_tokens;
  if (item.cost_usd) cost_usd_ = cost_usd_.value_or(0) + *item.cost_usd;
  if (!item.latency_us) return;
  latencies_us_.push_back(*item.latency_us);
  latency_sum_us_ += *item.latency_us;
}

void Figures::write(ApiFields& fields) {
  std::sort(latencies_us_.begin(), latencies_us_.end());
  fields.add("count", count_);
  fields.add("error_count", error_count_);
  fields.add("input_tokens", input_tokens_);
  fields.add("output_tokens", output_tokens_);
  fields.add("total_tokens", total_tokens_);
  fields.add("cost_usd", cost_usd_);
  std::string latency;
  JsonWriter writer(latency);
  {
    ApiFields parts(writer);
    parts.add("p50", percentile_ms(0.50));
    parts.add("p95", percentile_ms(0.95));
    parts.add("p99", percentile_ms(0.99));
  }
  fields.add_json("latency_ms", latency);
}

// Nearest rank: a latency that one of them really had.
std::optional<double> Figures::percentile_ms(double share) const {
  if (latencies_us_.empty()) return std::nullopt;
  const double rank = std::ceil(share * static_cast<double>(latencies_us_.size()));
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return static_cast<double>(latencies_us_[index]) / 1000;
}

}  // namespace llmtrace::collector
