// What a node cost when nobody said: by our price table, by the user's, and compared with the
// figures that Langfuse's own server has for the same models.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>

#include "collector/traces/cost_estimator.h"
#include "common/src/token_counts.h"
#include "tests/collector/viewer_client.h"

namespace llmtrace::collector::testing {
namespace {

JsonValue call_node(const RunningCollector& server, const Attributes& attributes) {
  Attributes all = {{"gen_ai.operation.name", std::string("chat")},
                    {"gen_ai.usage.input_tokens", std::int64_t{1'000'000}},
                    {"gen_ai.usage.output_tokens", std::int64_t{100'000}}};
  all.insert(all.end(), attributes.begin(), attributes.end());
  store_spans(server, {.spans = {{.attributes = all}}});
  return node_of(server);
}

TEST(Costs, AreEstimatedByModelAndProvider) {
  const RunningCollector server;

  const JsonValue node = call_node(server, {{"gen_ai.request.model", std::string("gpt-4o-mini")},
                                            {"gen_ai.provider.name", std::string("openai")}});

  EXPECT_NEAR(node["cost_usd"].as_double(), 0.15 + 0.06, 1e-9);
  EXPECT_TRUE(node["cost_is_estimated"].as_bool());
  EXPECT_NEAR(node["cost"]["input"].as_double(), 0.15, 1e-9);
}

TEST(Costs, ThatTheSenderToldAreTaken) {
  const RunningCollector server;

  const JsonValue node = call_node(
      server, {{"gen_ai.request.model", std::string("gpt-4o-mini")}, {"gen_ai.usage.cost", 0.5}});

  EXPECT_EQ(node["cost_usd"].as_double(), 0.5);
  EXPECT_FALSE(node["cost_is_estimated"].as_bool());
}

TEST(Costs, OfAModelOnThisMachineAreZero) {
  const RunningCollector server;
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"server.address", "127.0.0.1"},
                                                        {"server.address", "localhost"},
                                                        {"server.address", "::1"},
                                                        {"gen_ai.provider.name", "ollama"}}) {
    const JsonValue node =
        call_node(server, {{"gen_ai.request.model", std::string("gpt-4o")}, {name, value}});
    EXPECT_TRUE(node["cost_usd"].is_number()) << value;
    EXPECT_EQ(node["cost_usd"].as_double(), 0) << value;
  }
}

TEST(Costs, OfAnUnknownModelAreUnknown) {
  const RunningCollector server;

  const JsonValue node = call_node(server, {{"gen_ai.request.model", std::string("my-model")}});

  EXPECT_TRUE(node["cost_usd"].is_null());
  EXPECT_TRUE(api(server, "/api/traces")["traces"].elements().at(0)["cost_usd"].is_null());
}

class PriceFile {
 public:
  explicit PriceFile(const std::string& text)
      : path_(std::filesystem::temp_directory_path() /
              ("llmtrace-prices-" + std::to_string(::getpid()) + ".json")) {
    std::ofstream(path_) << text;
  }
  ~PriceFile() { std::filesystem::remove(path_); }
  PriceFile(const PriceFile&) = delete;
  PriceFile& operator=(const PriceFile&) = delete;
  [[nodiscard]] std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(Costs, OfTheUsersOwnFileComeFirst) {
  const PriceFile file(R"({"gpt-4o-mini":{"input_mtok":7,"output_mtok":10}})");
  CollectorOptions options;
  options.prices = file.path();
  const RunningCollector server(options);

  const JsonValue node = call_node(server, {{"gen_ai.request.model", std::string("gpt-4o-mini")}});

  EXPECT_NEAR(node["cost_usd"].as_double(), 8, 1e-9);
}

TEST(Costs, OfAFileThatMakesNoSenseAreAnErrorThatNamesIt) {
  const PriceFile file(R"({"m":{"input_mtok":"cheap"}})");
  for (const std::string& path : {file.path(), std::string("/nowhere/prices.json")}) {
    try {
      const CostEstimator estimator(path);
      FAIL() << path;
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find(path), std::string::npos);
    }
  }
}

// Tokens of every kind that Langfuse prices apart, and what they cost there.
struct Bill {
  std::map<std::string, std::int64_t> usage{};
  double total = 0;
};

Bill langfuse_bill(const JsonValue& prices) {
  Bill bill;
  for (const JsonValue::Member& price : prices.members()) {
    bill.usage[price.first] = 1000;
    bill.total += 1000 * price.second.as_double();
  }
  return bill;
}

// Prices change, and the two tables are of different days: where both know a model, nine of ten
// must be equal to the cent of a cent. The others are told in the output.
TEST(Costs, AgreeWithLangfusesOwnTable) {
  std::ifstream stream(LLMTRACE_TEST_DATA "/langfuse_prices.json");
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const auto table = JsonValue::parse(text);
  ASSERT_TRUE(table);
  const CostEstimator estimator("");
  int known = 0;
  int equal = 0;
  for (const JsonValue::Member& model : (*table)["models"].members()) {
    const Bill bill = langfuse_bill(model.second);
    const auto cost = estimator.estimate({.model = model.first, .start_us = 1'790'000'000'000'000},
                                         llmtrace::UsageDetails(bill.usage));
    if (!cost) continue;
    ++known;
    const double ours = total_cost(*cost).value_or(-1);
    if (std::abs(ours - bill.total) <= 1e-3 * bill.total) {
      ++equal;
    } else {
      std::printf("%s: %g here, %g at Langfuse\n", model.first.c_str(), ours, bill.total);
    }
  }
  std::printf("%zu models in Langfuse's table, %d known here, %d cost the same\n",
              (*table)["models"].members().size(), known, equal);
  EXPECT_GE(known, 80);
  EXPECT_GE(equal * 10, known * 9);
}

}  // namespace
}  // namespace llmtrace::collector::testing
