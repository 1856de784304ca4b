// The numbers of LLM calls: recorded by hand, and filled by themselves from what is traced.
#include <gtest/gtest.h>
#include <langfuse/client.h>
#include <llmtrace/metrics.h>
#include <llmtrace/observe.h>
#include <llmtrace/testing.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "common/src/json_value.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_http_client.h"

namespace llmtrace::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LlmMetricsTest : public ::testing::Test {
 protected:
  JsonValue dashboard(const LlmMetrics& llm) const {
    const auto value = JsonValue::parse(llm.dashboard().to_text());
    EXPECT_TRUE(value);
    return value.value_or(JsonValue());
  }
  bool shows(const std::string& line) const {
    return ("\n" + metrics.prometheus_text()).find("\n" + line + "\n") != std::string::npos;
  }
  langfuse::Client client(double sample_rate = 1) {
    langfuse::Config config;
    config.public_key = "pk";
    config.secret_key = Secret("sk");
    config.base_url = "https://langfuse.test";
    config.sample_rate = sample_rate;
    config.transport = transport;
    return langfuse::Client(config);
  }

  Metrics metrics;
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<FakeHttpClient> http = std::make_shared<FakeHttpClient>(clock);
  std::shared_ptr<Transport> transport = Transport::create({.http_client = http, .clock = clock});
};

void generation() { OBSERVE_GENERATION(); }

constexpr char kOf[] =
    R"(gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o")";

std::string with_labels(const std::string& name, const std::string& more,
                        const std::string& value) {
  return name + "{" + kOf + more + "} " + value;
}

TEST_F(LlmMetricsTest, ACallIsInEveryFamily) {
  LlmMetrics llm({.registry = &metrics});
  llm.record({.provider = "openai",
              .model = "gpt-4o",
              .latency = milliseconds(1280),
              .time_to_first_token = milliseconds(160),
              .input_tokens = 1000,
              .output_tokens = 50,
              .cached_tokens = 300,
              .reasoning_tokens = 20,
              .cost = 0.0125,
              .cache_hit = false});
  llm.record(
      {.provider = "openai", .model = "gpt-4o", .error_type = "timeout", .latency = seconds(10)});

  EXPECT_TRUE(shows(with_labels("llm_requests_total", ",outcome=\"success\"", "1")));
  EXPECT_TRUE(shows(with_labels("llm_requests_total", ",outcome=\"error\"", "1")));
  EXPECT_TRUE(shows(with_labels("llm_errors_total", ",error_type=\"timeout\"", "1")));
  EXPECT_TRUE(shows(with_labels("gen_ai_client_operation_duration_seconds_bucket",
                                ",error_type=\"\",le=\"0.64\"", "0")));
  EXPECT_TRUE(shows(with_labels("gen_ai_client_operation_duration_seconds_bucket",
                                ",error_type=\"\",le=\"1.28\"", "1")));
  EXPECT_TRUE(shows(with_labels("gen_ai_client_operation_duration_seconds_sum",
                                ",error_type=\"timeout\"", "10")));
  EXPECT_TRUE(shows(with_labels("gen_ai_client_operation_time_to_first_chunk_seconds_bucket",
                                ",le=\"0.16\"", "1")));
  EXPECT_TRUE(
      shows(with_labels("gen_ai_client_token_usage_sum", ",gen_ai_token_type=\"input\"", "1000")));
  EXPECT_TRUE(shows(with_labels("gen_ai_client_token_usage_bucket",
                                ",gen_ai_token_type=\"output\",le=\"64\"", "1")));
  EXPECT_TRUE(shows(with_labels("llm_cached_input_tokens_total", "", "300")));
  EXPECT_TRUE(shows(with_labels("llm_reasoning_tokens_total", "", "20")));
  EXPECT_TRUE(shows(with_labels("llm_cost_usd_total", "", "0.0125")));
  EXPECT_TRUE(shows("llm_cache_lookups_total{result=\"miss\"} 1"));
}

TEST_F(LlmMetricsTest, FillsItselfFromWhatOneObserves) {
  LlmMetrics llm({.registry = &metrics});
  const langfuse::Client langfuse = client();
  {
    OBSERVE_WITH(.name = "answer", .as_type = ObservationType::Generation, .model = "gpt-4o",
                 .provider = "openai");
    EXPECT_TRUE(shows("llm_in_flight{gen_ai_operation_name=\"chat\"} 1"));
    clock->advance(milliseconds(40));
    current_observation().first_token();
    clock->advance(milliseconds(40));
    current_observation().update(
        {.usage_details = {{"input", 70}, {"input_cached_tokens", 30}, {"output", 5}},
         .cost_details = {{"input", 0.25}, {"output", 0.5}}});
  }
  { OBSERVE_WITH(.name = "not an LLM call", .as_type = ObservationType::Tool); }

  EXPECT_TRUE(shows("llm_in_flight{gen_ai_operation_name=\"chat\"} 0"));
  EXPECT_TRUE(shows(with_labels("llm_requests_total", ",outcome=\"success\"", "1")));
  EXPECT_TRUE(shows(
      with_labels("gen_ai_client_operation_duration_seconds_sum", ",error_type=\"\"", "0.08")));
  EXPECT_TRUE(
      shows(with_labels("gen_ai_client_operation_time_to_first_chunk_seconds_sum", "", "0.04")));
  EXPECT_TRUE(
      shows(with_labels("gen_ai_client_token_usage_sum", ",gen_ai_token_type=\"input\"", "100")));
  EXPECT_TRUE(shows(with_labels("llm_cost_usd_total", "", "0.75")));
}

TEST_F(LlmMetricsTest, AClientsOwnHandlesCountToo) {
  LlmMetrics llm({.registry = &metrics});
  langfuse::Client langfuse = client();
  const auto trace = langfuse.trace({.name = "t"});
  trace
      .start_observation({.name = "e",
                          .as_type = ObservationType::Embedding,
                          .model = "small",
                          .usage_details = {{"input", 3}}})
      .end();
  EXPECT_EQ(dashboard(llm)["models"].elements()[0]["operation"].as_string(), "embeddings");
}

TEST_F(LlmMetricsTest, CountsWhatIsSampledOut) {
  LlmMetrics llm({.registry = &metrics});
  langfuse::Client langfuse = client(0);
  for (int i = 0; i < 10; ++i) {
    OBSERVE_WITH(.name = "root");
    generation();
  }
  langfuse.generation({.name = "handle"}).end();
  EXPECT_EQ(dashboard(llm)["requests"].as_double(), 11);
  EXPECT_TRUE(langfuse.flush(seconds(10)));
  EXPECT_EQ(http->request_count(), 0U);
  EXPECT_EQ(langfuse.stats().submitted, 0U);
}

TEST_F(LlmMetricsTest, NeedsNoClientAtAll) {
  LlmMetrics llm({.registry = &metrics});
  EXPECT_TRUE(static_cast<bool>(start_observation({.name = "x"})));
  start_observation({.name = "g", .as_type = ObservationType::Generation}).end();
  EXPECT_EQ(dashboard(llm)["requests"].as_double(), 1);
}

TEST_F(LlmMetricsTest, LooksOnOnlyAsLongAsItLives) {
  {
    LlmMetrics llm({.registry = &metrics});
    LlmMetrics blind({.registry = &metrics, .observe = false});
    start_observation({.name = "g", .as_type = ObservationType::Generation}).end();
  }
  EXPECT_FALSE(static_cast<bool>(start_observation({.name = "g"})));
  EXPECT_NE(metrics.prometheus_text().find("outcome=\"success\"} 1\n"), std::string::npos);
}

TEST_F(LlmMetricsTest, AnExceptionsTypeIsTheErrorsType) {
  LlmMetrics llm({.registry = &metrics});
  const auto failing = observe([](int) -> int { throw std::runtime_error("no route"); },
                               {.name = "f", .as_type = ObservationType::Generation});
  EXPECT_THROW(failing(1), std::runtime_error);
  start_observation({.name = "g", .as_type = ObservationType::Generation}).error("HTTP 503 from x");
  const JsonValue errors = dashboard(llm)["errors_by_type"];
  EXPECT_EQ(errors["std::runtime_error"].as_double(), 1);
  EXPECT_EQ(errors["_OTHER"].as_double(), 1);
}

TEST_F(LlmMetricsTest, TheDashboardAddsUp) {
  LlmMetrics llm({.registry = &metrics});
  for (int i = 1; i <= 100; ++i) {
    llm.record({.provider = "a",
                .model = i % 2 == 0 ? "m0" : "m1",
                .error_type = i % 10 == 0 ? "e" : "",
                .latency = milliseconds(i),
                .input_tokens = 10,
                .output_tokens = 2,
                .cost = 0.5,
                .cache_hit = i % 4 == 0});
  }
  const JsonValue all = dashboard(llm);
  EXPECT_EQ(all["requests"].as_double(), 100);
  EXPECT_EQ(all["errors"].as_double(), 10);
  EXPECT_EQ(all["error_rate"].as_double(), 0.1);
  EXPECT_EQ(all["latency_ms"]["count"].as_integer(), 100);
  EXPECT_NEAR(all["latency_ms"]["median"].as_double(), 50, 0.5);
  EXPECT_NEAR(all["latency_ms"]["p95"].as_double(), 95, 0.95);
  EXPECT_EQ(all["latency_ms"]["max"].as_double(), 100);
  EXPECT_EQ(all["tokens"]["input"].as_double(), 1000);
  EXPECT_EQ(all["cost_usd"].as_double(), 50);
  EXPECT_EQ(all["cache"]["hits"].as_double(), 25);
  EXPECT_EQ(all["cache"]["hit_rate"].as_double(), 0.25);
  ASSERT_EQ(all["models"].elements().size(), 2U);
  EXPECT_EQ(all["models"].elements()[0]["requests"].as_double(), 50);
  EXPECT_EQ(llm.latency().count, 100U);
}

TEST_F(LlmMetricsTest, RunawayModelNamesAreBounded) {
  LlmMetrics llm({.registry = &metrics});
  for (int i = 0; i < 2'000; ++i) {
    const std::string model = "model-" + std::to_string(i);
    llm.record({.model = model, .error_type = model, .latency = milliseconds(1)});
  }
  EXPECT_LE(dashboard(llm)["models"].elements().size(), 202U);
  EXPECT_EQ(dashboard(llm)["requests"].as_double(), 2'000);
  EXPECT_LT(metrics.prometheus_text().size(), 4'000'000U);
}

TEST_F(LlmMetricsTest, WhatRunawayModelsDidIsStillTold) {
  LlmMetrics llm({.registry = &metrics});
  for (int i = 0; i < 300; ++i) {
    llm.record({.model = "model-" + std::to_string(i),
                .latency = milliseconds(1),
                .time_to_first_token = milliseconds(1),
                .input_tokens = 100,
                .output_tokens = 1,
                .cost = 0.5});
  }
  const JsonValue all = dashboard(llm);
  EXPECT_EQ(all["requests"].as_double(), 300);
  EXPECT_EQ(all["errors"].as_double(), 0);
  EXPECT_EQ(all["tokens"]["input"].as_double(), 30'000);
  EXPECT_EQ(all["tokens"]["output"].as_double(), 300);
  EXPECT_EQ(all["cost_usd"].as_double(), 150);
  EXPECT_EQ(metrics.prometheus_text().find("outcome=\"_other\""), std::string::npos);
  EXPECT_EQ(metrics.prometheus_text().find("gen_ai_token_type=\"_other\""), std::string::npos);
}

TEST_F(LlmMetricsTest, CacheLookupsAreCountedWithoutACall) {
  LlmMetrics llm({.registry = &metrics});
  llm.cache_lookup(true);
  llm.cache_lookup(false);
  llm.cache_lookup(true);
  const JsonValue all = dashboard(llm);
  EXPECT_EQ(all["requests"].as_double(), 0);
  EXPECT_EQ(all["cache"]["hits"].as_double(), 2);
  EXPECT_EQ(all["cache"]["misses"].as_double(), 1);
}

TEST_F(LlmMetricsTest, EightThreadsLoseNothing) {
  LlmMetrics llm({.registry = &metrics});
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&llm, t] {
        const std::string model = "m" + std::to_string(t % 3);
        for (int i = 0; i < 5'000; ++i) {
          llm.record({.model = model, .latency = milliseconds(1), .input_tokens = 1});
          llm.begin("chat");
          llm.end("chat");
        }
      });
    }
  }
  const JsonValue all = dashboard(llm);
  EXPECT_EQ(all["requests"].as_double(), 40'000);
  EXPECT_EQ(all["tokens"]["input"].as_double(), 40'000);
  EXPECT_EQ(all["in_flight"].as_double(), 0);
}

TEST_F(LlmMetricsTest, TheClientsOwnCountersAreInTheSameExposition) {
  langfuse::Client langfuse = client();
  langfuse.span({.name = "x"}).end();
  langfuse.score({.name = "no target", .value = 1});
  langfuse.flush(seconds(10));
  const std::string text = metrics.prometheus_text();
  EXPECT_NE(text.find("llmtrace_items_submitted_total{destination=\"langfuse\"} 2\n"),
            std::string::npos)
      << text;
  EXPECT_NE(
      text.find("llmtrace_items_dropped_total{destination=\"langfuse\",reason=\"rejected\"} 1\n"),
      std::string::npos);
  EXPECT_NE(text.find("llmtrace_memory_limit_bytes 67108864\n"), std::string::npos);
}

}  // namespace
}  // namespace llmtrace::tests
