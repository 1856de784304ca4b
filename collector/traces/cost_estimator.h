// CostEstimator knows what a node cost whose sender did not say: by the price table that llmtrace
// carries, or by prices of the user's own. Models on this machine cost nothing. Any thread may
// call.
#pragma once

#include <llmtrace/observation_params.h>
#include <llmtrace/prices.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace llmtrace::collector {

class CostEstimator {
 public:
  /// With the JSON file at `path` before the built-in table (see <llmtrace/prices.h>); "" = none.
  /// Throws std::runtime_error that tells what is wrong with the file.
  explicit CostEstimator(const std::string& path);

  struct Call {
    std::string_view model{};
    std::string_view provider{};
    std::string_view server{};  // host name or address; "" = not known
    std::int64_t start_us = 0;
  };

  /// US dollars as {"input", "output", "total"}; nothing when the price is not known.
  [[nodiscard]] std::optional<CostDetails> estimate(const Call& call,
                                                    const llmtrace::UsageDetails& usage) const;

 private:
  std::optional<PriceTable> own_;
};

}  // namespace llmtrace::collector
