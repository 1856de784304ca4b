#include <llmtrace/prices.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/src/environment.h"
#include "common/src/http_text.h"
#include "common/src/json_value.h"
#include "common/src/prices/built_in.h"
#include "common/src/prices/matcher.h"
#include "common/src/time_text.h"
#include "common/src/token_counts.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr double kMillion = 1e6;

// One price: for a call whose input passes a tier's start, all tokens cost what the tier says.
struct Price {
  double base = 0;
  std::vector<std::pair<std::int64_t, double>> tiers{};  // start, price; ascending

  double at(std::int64_t input_tokens) const noexcept {
    double price = base;
    for (const auto& [start, tier] : tiers) {
      if (input_tokens > start) price = tier;
    }
    return price;
  }
};

Price read_price(const JsonValue& value) {
  if (value.is_number()) return {.base = value.as_double()};
  Price price{.base = value["base"].as_double()};
  for (const JsonValue& tier : value["tiers"].elements()) {
    price.tiers.emplace_back(tier["start"].as_integer(), tier["price"].as_double());
  }
  std::sort(price.tiers.begin(), price.tiers.end());
  return price;
}

// The prices that hold from a day on, or between two times of each day.
struct PriceSet {
  std::string start_date{};  // "2026-03-13"; empty: always
  std::string start_time{};  // "00:30:00Z"; empty: all day
  std::string end_time{};
  std::map<std::string, Price, std::less<>> prices{};

  bool holds_at(std::string_view date, std::string_view time) const noexcept {
    if (date < start_date) return false;
    if (start_time.empty()) return true;
    return start_time <= end_time ? time >= start_time && time < end_time
                                  : time >= start_time || time < end_time;
  }
  const Price* find(std::string_view name) const noexcept {
    const auto found = prices.find(name);
    return found == prices.end() ? nullptr : &found->second;
  }
};

PriceSet read_price_set(const JsonValue& prices, const JsonValue& constraint) {
  PriceSet set{.start_date = constraint["start_date"].as_string(),
               .start_time = constraint["start_time"].as_string(),
               .end_time = constraint["end_time"].as_string()};
  for (const auto& [name, value] : prices.members()) set.prices.emplace(name, read_price(value));
  return set;
}

struct Model {
  Matcher match;
  std::vector<PriceSet> sets;

  explicit Model(const JsonValue& value) : match(value["match"]) {
    const JsonValue& prices = value["prices"];
    if (prices.is_object()) sets.push_back(read_price_set(prices, JsonValue()));
    for (const JsonValue& one : prices.elements()) {
      sets.push_back(read_price_set(one["prices"], one["constraint"]));
    }
  }
  Model(Matcher condition, PriceSet prices) : match(std::move(condition)) {
    sets.push_back(std::move(prices));
  }
};

struct Provider {
  std::string id;
  Matcher provider_match;
  Matcher model_match;
  std::unique_ptr<re2::RE2> endpoint;
  std::vector<std::string> fallbacks;  // whose models it offers too
  std::vector<Model> models;

  explicit Provider(const JsonValue& value)
      : id(value["id"].as_string()),
        provider_match(value["provider_match"]),
        model_match(value["model_match"]) {
    if (const std::string& pattern = value["api_pattern"].as_string(); !pattern.empty()) {
      endpoint = std::make_unique<re2::RE2>(pattern, re2::RE2::Quiet);
    }
    for (const JsonValue& fallback : value["fallback_model_providers"].elements()) {
      fallbacks.push_back(fallback.as_string());
    }
    for (const JsonValue& model : value["models"].elements()) models.emplace_back(model);
  }
};

// The same provider has other names in OpenTelemetry's conventions.
std::string_view known_as(std::string_view provider) noexcept {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"aws.bedrock", "aws"},          {"azure.ai.openai", "azure"},
      {"azure.ai.inference", "azure"}, {"gcp.gemini", "google"},
      {"gcp.vertex_ai", "google"},     {"gcp.gen_ai", "google"},
      {"mistral_ai", "mistral"},       {"x_ai", "x-ai"},
      {"moonshot_ai", "moonshotai"},
  };
  for (const auto& [theirs, ours] : kNames) {
    if (provider == theirs) return ours;
  }
  return provider;
}

const Model* find_model(const Provider& provider, std::string_view model) {
  const auto found =
      std::find_if(provider.models.begin(), provider.models.end(),
                   [&](const Model& candidate) { return candidate.match.matches(model); });
  return found == provider.models.end() ? nullptr : &*found;
}

// Sums up tokens at their prices: parts that have one of their own leave the rest at the common
// one.
class Bill {
 public:
  Bill(const PriceSet& prices, const TokenCounts& tokens)
      : prices_(prices), input_tokens_(tokens.input.value_or(0)) {}

  double of(
      std::string_view common, std::int64_t count,
      std::initializer_list<std::pair<std::string_view, std::optional<std::int64_t>>> parts) const {
    double cost = 0;
    std::int64_t rest = count;
    for (const auto& [name, part] : parts) {
      const Price* const own = prices_.find(name);
      if (own == nullptr || !part) continue;
      const std::int64_t inside = std::min(rest, *part);
      cost += static_cast<double>(inside) * own->at(input_tokens_) / kMillion;
      rest -= inside;
    }
    const Price* const price = prices_.find(common);
    return cost +
           (price == nullptr ? 0 : static_cast<double>(rest) * price->at(input_tokens_) / kMillion);
  }

 private:
  const PriceSet& prices_;
  const std::int64_t input_tokens_;
};

CostDetails bill(const PriceSet& prices, const TokenCounts& tokens) {
  const Bill bill(prices, tokens);
  const double input = bill.of("input_mtok", tokens.input.value_or(0),
                               {{"cache_read_mtok", tokens.cache_read},
                                {"cache_write_mtok", tokens.cache_creation},
                                {"input_audio_mtok", tokens.input_audio}});
  const double output = bill.of(
      "output_mtok", tokens.output.value_or(0),
      {{"output_audio_mtok", tokens.output_audio}, {"output_reasoning_mtok", tokens.reasoning}});
  const Price* const request = prices.find("requests_kcount");
  const double fixed = request == nullptr ? 0 : request->base / 1e3;
  return {{"input", input}, {"output", output}, {"total", input + output + fixed}};
}

}  // namespace

class PriceTable::Impl {
 public:
  explicit Impl(const JsonValue& value) {
    for (const JsonValue& provider : value.elements()) providers_.emplace_back(provider);
    for (const auto& [model, prices] : value.members()) {
      const auto condition = JsonValue::parse(Json{{"equals", model}}.to_text());
      own_models_.emplace_back(Matcher(condition.value_or(JsonValue())),
                               read_price_set(prices, JsonValue()));
    }
  }

  const Model* find(const PriceQuery& query) const {
    const std::string model = lower_case(std::string(query.model));
    for (const Model& own : own_models_) {
      if (own.match.matches(model)) return &own;
    }
    const Provider* const provider = provider_of(query, model);
    if (provider == nullptr) return nullptr;
    if (const Model* const found = find_model(*provider, model)) return found;
    for (const std::string& fallback : provider->fallbacks) {
      const Provider* const other = by_id(fallback);
      if (other == nullptr) continue;
      if (const Model* const found = find_model(*other, model)) return found;
    }
    return nullptr;
  }

 private:
  const Provider* by_id(std::string_view id) const noexcept {
    const auto found = std::find_if(providers_.begin(), providers_.end(),
                                    [&](const Provider& provider) { return provider.id == id; });
    return found == providers_.end() ? nullptr : &*found;
  }

  const Provider* provider_of(const PriceQuery& query, std::string_view model) const {
    const auto first = [this](auto matches) -> const Provider* {
      const auto found = std::find_if(providers_.begin(), providers_.end(), matches);
      return found == providers_.end() ? nullptr : &*found;
    };
    if (!query.provider.empty()) {
      const std::string name = lower_case(std::string(known_as(query.provider)));
      if (const Provider* const known = by_id(name)) return known;
      return first([&](const Provider& provider) { return provider.provider_match.matches(name); });
    }
    if (!query.endpoint.empty()) {
      const re2::StringPiece url(query.endpoint.data(), query.endpoint.size());
      const Provider* const there = first([&](const Provider& provider) {
        return provider.endpoint != nullptr && re2::RE2::PartialMatch(url, *provider.endpoint);
      });
      if (there != nullptr) return there;
    }
    return first([&](const Provider& provider) { return provider.model_match.matches(model); });
  }

  std::vector<Provider> providers_;
  std::vector<Model> own_models_;
};

const PriceTable& PriceTable::built_in() {
  static const PriceTable& table = *new PriceTable(
      std::make_shared<const Impl>(JsonValue::parse(built_in_prices()).value_or(JsonValue())));
  return table;
}

Result<PriceTable> PriceTable::with(std::string_view json) {
  const auto value = JsonValue::parse(json);
  if (!value || (!value->is_array() && !value->is_object())) {
    return Error{
        "a price table is JSON: an array of providers as genai-prices has it, or "
        "{\"model\": {\"input_mtok\": 0.5, \"output_mtok\": 1.5}}"};
  }
  for (const auto& [model, prices] : value->members()) {
    if (!prices.is_object()) return Error{"the prices of \"" + model + "\" are no object"};
    for (const auto& [name, price] : prices.members()) {
      if (price.is_object() || (price.is_number() && price.as_double() >= 0)) continue;
      return Error{"the price \"" + name + "\" of \"" + model + "\" is no number of 0 or more"};
    }
  }
  return PriceTable(std::make_shared<const Impl>(*value));
}

std::optional<CostDetails> PriceTable::estimate(const PriceQuery& query,
                                                const UsageDetails& usage) const {
  const TokenCounts tokens = token_counts(usage);
  if (!tokens.input && !tokens.output) return std::nullopt;
  const bool is_own = impl_ != built_in().impl_;
  const Model* model = is_own ? impl_->find(query) : nullptr;
  if (model == nullptr && is_loopback_url(query.endpoint)) {
    return CostDetails{{"input", 0.0}, {"output", 0.0}, {"total", 0.0}};
  }
  if (model == nullptr) model = built_in().impl_->find(query);
  if (model == nullptr) return std::nullopt;
  std::string now;
  append_rfc3339(now, query.time.value_or(std::chrono::system_clock::now()));
  const std::string_view date = std::string_view(now).substr(0, 10);
  const std::string_view time = std::string_view(now).substr(11);
  // The last that holds: a later price takes over from the one before.
  const auto set =
      std::find_if(model->sets.rbegin(), model->sets.rend(),
                   [&](const PriceSet& candidate) { return candidate.holds_at(date, time); });
  if (set == model->sets.rend()) return std::nullopt;
  return bill(*set, tokens);
}

}  // namespace v0
}  // namespace llmtrace
