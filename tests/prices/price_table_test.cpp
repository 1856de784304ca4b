// What a call costs. The figures are those of the table that is checked in, by hand.
#include <gtest/gtest.h>
#include <llmtrace/prices.h>

#include <chrono>
#include <string>

namespace llmtrace::tests {
namespace {

using std::chrono::sys_days;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

double total(const PriceTable& table, const PriceQuery& query, const UsageDetails& usage) {
  const auto cost = table.estimate(query, usage);
  EXPECT_TRUE(cost) << query.model;
  return cost ? cost->find("total").value_or(-1) : -1;
}

const UsageDetails kMillionEach = {{"input", 1'000'000}, {"output", 1'000'000}};

TEST(Prices, InputAndOutputHaveTheirOwn) {
  const auto cost =
      PriceTable::built_in().estimate({.model = "gpt-4o-mini", .provider = "openai"}, kMillionEach);
  ASSERT_TRUE(cost);
  EXPECT_DOUBLE_EQ(*cost->find("input"), 0.15);
  EXPECT_DOUBLE_EQ(*cost->find("output"), 0.6);
  EXPECT_DOUBLE_EQ(*cost->find("total"), 0.75);
}

TEST(Prices, CachedTokensAreCheaperAndNotCountedTwice) {
  EXPECT_DOUBLE_EQ(total(PriceTable::built_in(), {.model = "gpt-4o-mini", .provider = "openai"},
                         {{"input", 600'000}, {"input_cached_tokens", 400'000}}),
                   0.6 * 0.15 + 0.4 * 0.075);
}

TEST(Prices, TheProviderIsFoundByNameEndpointOrModel) {
  const double by_name =
      total(PriceTable::built_in(), {.model = "gpt-4o", .provider = "openai"}, kMillionEach);
  EXPECT_EQ(total(PriceTable::built_in(),
                  {.model = "GPT-4o", .endpoint = "https://api.openai.com/v1"}, kMillionEach),
            by_name);
  EXPECT_EQ(total(PriceTable::built_in(), {.model = "gpt-4o"}, kMillionEach), by_name);
  EXPECT_EQ(total(PriceTable::built_in(), {.model = "gpt-4o", .provider = "azure.ai.openai"},
                  kMillionEach),
            by_name)
      << "Azure sells OpenAI's models";
}

TEST(Prices, AboveATierAllTokensCostMore) {
  const PriceQuery query = {.model = "claude-sonnet-4-5", .provider = "anthropic"};
  EXPECT_DOUBLE_EQ(total(PriceTable::built_in(), query, {{"input", 200'000}}), 0.2 * 3);
  EXPECT_DOUBLE_EQ(total(PriceTable::built_in(), query, {{"input", 300'000}}), 0.3 * 6);
}

TEST(Prices, ChangeWithTheDate) {
  const PriceQuery before = {
      .model = "claude-opus-4-6", .provider = "anthropic", .time = sys_days(2026y / 3 / 12) + 23h};
  const PriceQuery after = {
      .model = "claude-opus-4-6", .provider = "anthropic", .time = sys_days(2026y / 3 / 13)};
  EXPECT_DOUBLE_EQ(total(PriceTable::built_in(), before, {{"input", 1'000'000}}), 10);
  EXPECT_DOUBLE_EQ(total(PriceTable::built_in(), after, {{"input", 1'000'000}}), 5);
}

TEST(Prices, AMachineOfOnesOwnCostsNothing) {
  for (const char* endpoint :
       {"http://127.0.0.1:8080/v1", "http://localhost/v1", "http://[::1]:1"}) {
    EXPECT_EQ(
        total(PriceTable::built_in(), {.model = "gpt-4o", .endpoint = endpoint}, kMillionEach), 0);
  }
}

TEST(Prices, WhatIsNotKnownIsNotGuessed) {
  EXPECT_FALSE(PriceTable::built_in().estimate({.model = "our-own-model"}, kMillionEach));
  EXPECT_FALSE(PriceTable::built_in().estimate({.model = "gpt-4o"}, {}));
  EXPECT_FALSE(
      PriceTable::built_in().estimate({.model = "gpt-4o", .provider = "nobody"}, kMillionEach));
}

TEST(Prices, OnesOwnTableWins) {
  const auto own = PriceTable::with(
      R"({"our-own-model":{"input_mtok":1,"output_mtok":2,"cache_read_mtok":0.5},
          "gpt-4o":{"input_mtok":100}})");
  ASSERT_TRUE(own) << own.error().message;
  EXPECT_DOUBLE_EQ(
      total(*own, {.model = "Our-Own-Model", .endpoint = "http://127.0.0.1/"},
            {{"input", 500'000}, {"input_cached_tokens", 500'000}, {"output", 1'000'000}}),
      0.5 + 0.25 + 2);
  EXPECT_DOUBLE_EQ(total(*own, {.model = "gpt-4o", .provider = "openai"}, {{"input", 1'000'000}}),
                   100);
  EXPECT_GT(total(*own, {.model = "gpt-4o-mini"}, kMillionEach), 0) << "the rest as before";
}

TEST(Prices, AWrongTableIsRefusedByName) {
  EXPECT_NE(PriceTable::with("no").error().message.find("a price table is JSON"),
            std::string::npos);
  EXPECT_NE(PriceTable::with(R"({"m":1})").error().message.find("\"m\""), std::string::npos);
  EXPECT_NE(PriceTable::with(R"({"m":{"input_mtok":-1}})").error().message.find("input_mtok"),
            std::string::npos);
}

}  // namespace
}  // namespace llmtrace::tests
