// PriceTable estimates what a call to a model costs. The built-in table is genai-prices
// (https://github.com/pydantic/genai-prices, MIT, Copyright (c) Pydantic Services Inc. 2025 to
// present); prices change, so an estimate is one. Where a provider's reply states the cost, take
// that. Immutable; any thread may use it.
#pragma once

#include <llmtrace/clock.h>
#include <llmtrace/export.h>
#include <llmtrace/observation_params.h>
#include <llmtrace/result.h>

#include <memory>
#include <optional>
#include <string_view>

namespace llmtrace {
inline namespace v0 {

/// Whose model it is. Without a provider it is found by the endpoint or by the model's name.
struct PriceQuery {
  std::string_view model{};
  std::string_view provider{};      ///< "openai", "anthropic", "aws.bedrock", ...
  std::string_view endpoint{};      ///< URL; a loopback address costs nothing
  std::optional<Timestamp> time{};  ///< prices change; default: now
};

class LLMTRACE_EXPORT PriceTable {
 public:
  /// Read at its first use.
  static const PriceTable& built_in();
  /// From JSON of your own: genai-prices' array of providers, or, for a few models of whatever
  /// provider, {"my-model": {"input_mtok": 0.5, "output_mtok": 1.5}}, in US dollars for a million
  /// tokens. What it does not know is looked up in the built-in table.
  static Result<PriceTable> with(std::string_view json);

  /// US dollars as {"input", "output", "total"}: cached, audio and reasoning tokens at their own
  /// prices where there are such. Nothing for an unknown model, or without usage.
  std::optional<CostDetails> estimate(const PriceQuery& query, const UsageDetails& usage) const;

 private:
  class Impl;
  explicit PriceTable(std::shared_ptr<const Impl> impl) noexcept : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace v0
}  // namespace llmtrace
