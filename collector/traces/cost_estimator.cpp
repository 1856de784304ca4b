#include "collector/traces/cost_estimator.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace llmtrace::collector {
namespace {

constexpr std::array<std::string_view, 6> kLocalProviders = {"ollama",   "llama.cpp", "llama_cpp",
                                                             "llamacpp", "lm_studio", "lmstudio"};

bool is_local_provider(std::string_view provider) {
  return std::find(kLocalProviders.begin(), kLocalProviders.end(), provider) !=
         kLocalProviders.end();
}

std::string endpoint_of(const CostEstimator::Call& call) {
  if (is_local_provider(call.provider)) return "https://127.0.0.1/";
  if (call.server.empty()) return "";
  const bool is_ipv6 = call.server.find(':') != std::string_view::npos;
  const std::string host(call.server);
  return "https://" + (is_ipv6 ? "[" + host + "]" : host) + "/";
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read the price file '" + path + "'");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Timestamp time_of(std::int64_t unix_us) {
  return Timestamp(
      std::chrono::duration_cast<Timestamp::duration>(std::chrono::microseconds(unix_us)));
}

}  // namespace

CostEstimator::CostEstimator(const std::string& path) {
  if (path.empty()) return;
  auto table = PriceTable::with(read_file(path));
  if (!table) throw std::runtime_error("price file '" + path + "': " + table.error().message);
  own_ = std::move(*table);
}

std::optional<CostDetails> CostEstimator::estimate(const Call& call,
                                                   const llmtrace::UsageDetails& usage) const {
  if (call.model.empty() || usage.empty()) return std::nullopt;
  const std::string endpoint = endpoint_of(call);
  const PriceTable& table = own_ ? *own_ : PriceTable::built_in();
  return table.estimate({.model = call.model,
                         .provider = call.provider,
                         .endpoint = endpoint,
                         .time = time_of(call.start_us)},
                        usage);
}

}  // namespace llmtrace::collector
