#include "samples/rag_pipeline/price.h"

#include <array>
#include <string_view>

namespace rag {
namespace {

struct Price {
  std::string_view model;
  double input;  // US dollars per million tokens, as of 2026-08
  double cached_input;
  double output;
};

constexpr std::array<Price, 9> kPrices{{{"extractive-sentences", 0, 0, 0},
                                        {"gpt-4.1", 2, 0.5, 8},
                                        {"gpt-4.1-mini", 0.4, 0.1, 1.6},
                                        {"gpt-4.1-nano", 0.1, 0.025, 0.4},
                                        {"gpt-4o", 2.5, 1.25, 10},
                                        {"gpt-4o-mini", 0.15, 0.075, 0.6},
                                        {"gpt-5", 1.25, 0.125, 10},
                                        {"gpt-5-mini", 0.25, 0.025, 2},
                                        {"gpt-5-nano", 0.05, 0.005, 0.4}}};

// A reply names the model with its date: "gpt-4o-mini-2024-07-18".
bool is_model(std::string_view name, std::string_view model) {
  if (!name.starts_with(model)) return false;
  const std::string_view date = name.substr(model.size());
  return date.empty() || (date.size() == 11 && date.starts_with("-20") &&
                          date.find_first_not_of("-0123456789") == std::string_view::npos);
}

}  // namespace

std::optional<std::map<std::string, double>> price_of(const std::string& model,
                                                      const Tokens& tokens) {
  for (const Price& price : kPrices) {
    if (!is_model(model, price.model)) continue;
    const double input = static_cast<double>(tokens.input) * price.input / 1e6;
    const double cached = static_cast<double>(tokens.cached_input) * price.cached_input / 1e6;
    const double output = static_cast<double>(tokens.output) * price.output / 1e6;
    std::map<std::string, double> cost{
        {"input", input}, {"output", output}, {"total", input + cached + output}};
    if (tokens.cached_input > 0) cost["input_cached_tokens"] = cached;
    return cost;
  }
  return std::nullopt;
}

}  // namespace rag
