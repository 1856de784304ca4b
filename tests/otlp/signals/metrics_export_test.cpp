// A registry's numbers as OTLP metrics: when they are sent, what an interval says, and that none is
// lost.
#include <llmtrace/llm_metrics.h>

#include <atomic>
#include <memory>

#include "tests/otlp/signals/signals_fixture.h"

namespace llmtrace::tests {
namespace {

double total_of(const JsonValue& metric) {
  double total = 0;
  for (const JsonValue& point : metric["sum"]["dataPoints"].elements()) {
    total += point["asDouble"].as_double();
  }
  return total;
}

class MetricsExport : public SignalsTest {
 protected:
  OtlpConfig with(std::shared_ptr<const MetricSource> source,
                  std::optional<MetricTemporality> temporality = {}) {
    OtlpConfig all = config();
    all.metrics = std::move(source);
    all.metric_temporality = temporality;
    return all;
  }
  /// What all requests so far say that was added, of a metric that is sent as differences.
  double added_in_all(const std::string& name) const {
    double total = 0;
    for (const auto& request : requests_to(kMetrics)) {
      for (const JsonValue& metric : metrics_of(request.body)) {
        if (metric["name"].as_string() == name) total += total_of(metric);
      }
    }
    return total;
  }

  Metrics registry;
  MetricFamily<Counter> requests =
      registry.counter({.name = "app_requests_total", .help = "Requests.", .labels = {"route"}});
};

TEST_F(MetricsExport, AreSentAtTheirInterval) {
  OtlpExporter exporter(with(registry.source()));
  requests.with("/a").add(3);
  ASSERT_TRUE(http->wait_idle());
  clock->advance(seconds(59));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(http->request_count(), 0U);

  clock->advance(seconds(1));
  ASSERT_TRUE(http->wait_for_requests(1));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(requests_to(kMetrics).size(), 1U);
  clock->advance(seconds(60));
  ASSERT_TRUE(http->wait_for_requests(2));
  ASSERT_TRUE(http->wait_idle());

  const JsonValue metric = sent_metrics().at("app_requests_total");
  EXPECT_EQ(metric["description"].as_string(), "Requests.");
  EXPECT_EQ(metric["sum"]["aggregationTemporality"].as_integer(), 2);
  EXPECT_TRUE(metric["sum"]["isMonotonic"].as_bool());
  const JsonValue& point = metric["sum"]["dataPoints"].elements().at(0);
  EXPECT_EQ(point["asDouble"].as_double(), 3) << "a total";
  EXPECT_EQ(point["startTimeUnixNano"].as_string(), "1794816000000000000");
  EXPECT_EQ(point["timeUnixNano"].as_string(), "1794816120000000000");
  EXPECT_EQ(attributes_of(point).at("route"), string_value("/a"));
  const DestinationStats stats = exporter.metric_stats();
  EXPECT_EQ(stats.destination, "otlp-metrics");
  EXPECT_EQ(stats.delivered, stats.submitted);
  expect_settled(stats);
}

TEST_F(MetricsExport, AreSentAtAFlushAndAtTheEnd) {
  auto exporter = std::make_unique<OtlpExporter>(with(registry.source()));
  requests.with("/a").add();
  ASSERT_TRUE(exporter->flush());
  EXPECT_EQ(requests_to(kMetrics).size(), 1U);
  EXPECT_EQ(total_of(sent_metrics().at("app_requests_total")), 1);

  requests.with("/a").add();
  exporter.reset();
  EXPECT_EQ(requests_to(kMetrics).size(), 2U);
  EXPECT_EQ(total_of(sent_metrics().at("app_requests_total")), 2);
}

TEST_F(MetricsExport, TheFlushOfAllClientsSendsThem) {
  OtlpExporter exporter(with(registry.source()));
  EXPECT_TRUE(llmtrace::flush(seconds(10)));
  EXPECT_EQ(requests_to(kMetrics).size(), 1U);
}

TEST_F(MetricsExport, DifferencesSayOnlyWhatWasAdded) {
  OtlpExporter exporter(with(registry.source(), MetricTemporality::Delta));
  const auto sizes = registry.histogram({.name = "app_size", .buckets = {1, 2}});
  requests.with("/a").add(3);
  sizes.with().record(1.5);
  ASSERT_TRUE(exporter.flush());
  clock->advance(seconds(10));
  requests.with("/a").add(2);
  requests.with("/b").add(7);
  sizes.with().record(1.5);
  sizes.with().record(9);
  ASSERT_TRUE(exporter.flush());

  auto metrics = sent_metrics();
  const JsonValue& sum = metrics.at("app_requests_total")["sum"];
  EXPECT_EQ(sum["aggregationTemporality"].as_integer(), 1);
  ASSERT_EQ(sum["dataPoints"].elements().size(), 2U);
  EXPECT_EQ(sum["dataPoints"].elements()[0]["asDouble"].as_double(), 2);
  EXPECT_EQ(sum["dataPoints"].elements()[0]["startTimeUnixNano"].as_string(),
            "1794816000000000000");
  EXPECT_EQ(sum["dataPoints"].elements()[0]["timeUnixNano"].as_string(), "1794816010000000000");
  EXPECT_EQ(sum["dataPoints"].elements()[1]["asDouble"].as_double(), 7);
  const JsonValue& point = metrics.at("app_size")["histogram"]["dataPoints"].elements().at(0);
  EXPECT_EQ(point["count"].as_string(), "2");
  EXPECT_EQ(point["sum"].as_double(), 10.5);
  EXPECT_EQ(point["bucketCounts"].to_text(), R"(["0","1","1"])");
  EXPECT_EQ(point.find("min"), nullptr) << "of an interval it is not known";

  ASSERT_TRUE(exporter.flush());
  EXPECT_FALSE(sent_metrics().contains("app_requests_total")) << "nothing was added";
}

TEST_F(MetricsExport, AHistogramHasItsBoundsItsUnitAndItsName) {
  LlmMetrics metrics({.registry = &registry, .observe = false});
  OtlpExporter exporter(with(registry.source()));
  metrics.record({.operation = "chat",
                  .provider = "openai",
                  .model = "m",
                  .latency = std::chrono::milliseconds(10),
                  .input_tokens = 100,
                  .output_tokens = 3});
  metrics.record({.operation = "chat",
                  .provider = "openai",
                  .model = "m",
                  .error_type = "timeout",
                  .latency = std::chrono::seconds(100)});
  ASSERT_TRUE(exporter.flush());

  auto sent = sent_metrics();
  const JsonValue& duration = sent.at("gen_ai.client.operation.duration");
  EXPECT_EQ(duration["unit"].as_string(), "s");
  const auto& points = duration["histogram"]["dataPoints"].elements();
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0]["explicitBounds"].to_text(),
            "[0.01,0.02,0.04,0.08,0.16,0.32,0.64,1.28,2.56,5.12,10.24,20.48,40.96,81.92]");
  EXPECT_EQ(points[0]["bucketCounts"].elements().size(), 15U);
  EXPECT_EQ(points[0]["bucketCounts"].elements()[0].as_string(), "1") << "a bound is in its bucket";
  EXPECT_EQ(points[0]["min"].as_double(), 0.01);
  const std::map<std::string, std::string> succeeded = {
      {"gen_ai.operation.name", string_value("chat")},
      {"gen_ai.provider.name", string_value("openai")},
      {"gen_ai.request.model", string_value("m")}};
  EXPECT_EQ(attributes_of(points[0]), succeeded);
  EXPECT_EQ(attributes_of(points[1]).at("error.type"), string_value("timeout"));
  EXPECT_EQ(points[1]["bucketCounts"].elements().back().as_string(), "1");

  const JsonValue& tokens = sent.at("gen_ai.client.token.usage");
  EXPECT_EQ(tokens["unit"].as_string(), "{token}");
  ASSERT_EQ(tokens["histogram"]["dataPoints"].elements().size(), 2U);
  EXPECT_EQ(attributes_of(tokens["histogram"]["dataPoints"].elements()[0]).at("gen_ai.token.type"),
            string_value("input"));
  EXPECT_EQ(tokens["histogram"]["dataPoints"].elements()[0]["sum"].as_double(), 100);
}

TEST_F(MetricsExport, WhatTheClientsCountIsAmongThem) {
  OtlpExporter exporter(with(registry.source()));
  exporter.start_observation({.name = "x"}).end();
  ASSERT_TRUE(exporter.flush());
  ASSERT_TRUE(exporter.flush());

  auto sent = sent_metrics();
  const auto& exported = sent.at("otel.sdk.exporter.span.exported")["sum"]["dataPoints"].elements();
  ASSERT_EQ(exported.size(), 1U);
  EXPECT_EQ(exported[0]["asDouble"].as_double(), 1);
  EXPECT_EQ(attributes_of(exported[0]).at("otel.component.name"), string_value("otlp"));
  EXPECT_EQ(total_of(sent.at("otel.sdk.processor.span.queue.capacity")), 100'000);
  EXPECT_FALSE(sent.at("otel.sdk.exporter.span.inflight")["sum"]["isMonotonic"].as_bool());
  EXPECT_TRUE(sent.contains("llmtrace.items_submitted"));
  EXPECT_TRUE(sent.contains("llmtrace.sent_bytes"));
}

TEST_F(MetricsExport, LowMemoryLeavesWhatIsLookedUpATotal) {
  OtlpExporter exporter(with(registry.source(), MetricTemporality::LowMemory));
  requests.with("/a").add();
  ASSERT_TRUE(exporter.flush());

  auto sent = sent_metrics();
  EXPECT_EQ(sent.at("app_requests_total")["sum"]["aggregationTemporality"].as_integer(), 1);
  EXPECT_EQ(sent.at("llmtrace.requests")["sum"]["aggregationTemporality"].as_integer(), 2);
}

TEST_F(MetricsExport, NoDifferenceIsLostWhileTheBackendIsAway) {
  std::atomic<int> status{503};
  http->respond([&](const FakeHttpClient::Request&) { return std::optional(reply_with(status)); });
  OtlpExporter exporter(with(registry.source(), MetricTemporality::Delta));
  ASSERT_TRUE(http->wait_idle());
  requests.with("/a").add(1);
  clock->advance(seconds(60));
  ASSERT_TRUE(http->wait_for_requests(1));
  const std::string sealed = requests_to(kMetrics).front().body;

  for (int minute = 0; minute < 5; ++minute) {
    requests.with("/a").add(10);
    ASSERT_TRUE(http->wait_idle());
    clock->advance(seconds(60));
  }
  ASSERT_TRUE(http->wait_idle());
  for (const auto& request : requests_to(kMetrics)) {
    EXPECT_EQ(request.body, sealed) << "its interval is fixed, and none overtakes it";
  }
  status = 200;
  for (int minute = 0; minute < 3; ++minute) {
    clock->advance(seconds(60));
    ASSERT_TRUE(http->wait_idle());
  }

  const auto all = requests_to(kMetrics);
  double delivered = 0;
  std::string last;
  for (const auto& request : all) {  // the attempts of one body are one interval
    if (request.body != last) {
      for (const JsonValue& metric : metrics_of(request.body)) {
        if (metric["name"].as_string() == "app_requests_total") delivered += total_of(metric);
      }
    }
    last = request.body;
  }
  EXPECT_EQ(delivered, 51);
  EXPECT_EQ(exporter.metric_stats().dropped_total(), 0U);
  expect_settled(exporter.metric_stats());
}

TEST_F(MetricsExport, AFlushDuringAnOutageIsHonestAndKeepsTheBytes) {
  http->respond(reply_with(503, "", {{"retry-after", "30"}}));
  OtlpExporter exporter(with(registry.source(), MetricTemporality::Delta));
  ASSERT_TRUE(http->wait_idle());
  requests.with("/a").add(1);
  clock->advance(seconds(60));
  ASSERT_TRUE(http->wait_for_requests(1));
  requests.with("/a").add(1);
  EXPECT_FALSE(exporter.flush(milliseconds(0)));

  http->respond(reply_with(200));
  ASSERT_TRUE(http->wait_idle());
  clock->advance(seconds(31));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_TRUE(exporter.flush());
  const auto all = requests_to(kMetrics);
  EXPECT_EQ(all[0].body, all[1].body);
  EXPECT_EQ(exporter.metric_stats().dropped_total(), 0U);
}

TEST_F(MetricsExport, ASourceThatBeganAnewSaysSo) {
  struct Source final : MetricSource {
    std::vector<MetricData> collect() const override {
      MetricData data{.name = "jobs", .type = MetricType::Counter};
      data.points.push_back({.value = value});
      return {data};
    }
    double value = 5;
  };
  auto source = std::make_shared<Source>();
  OtlpExporter exporter(with(source));
  clock->advance(seconds(1));
  ASSERT_TRUE(exporter.flush());
  source->value = 2;
  clock->advance(seconds(1));
  ASSERT_TRUE(exporter.flush());

  const JsonValue jobs = sent_metrics().at("jobs");
  const JsonValue& point = jobs["sum"]["dataPoints"].elements().at(0);
  EXPECT_EQ(point["asDouble"].as_double(), 2);
  EXPECT_EQ(point["startTimeUnixNano"].as_string(), "1794816001000000000");
}

TEST_F(MetricsExport, ASourceThatThrowsIsAskedAgain) {
  struct Source final : MetricSource {
    std::vector<MetricData> collect() const override {
      if (++calls == 1) throw std::runtime_error("not now");
      MetricData data{.name = "jobs", .type = MetricType::Counter};
      data.points.push_back({.value = 4});
      return {data};
    }
    mutable std::atomic<int> calls{0};
  };
  OtlpExporter exporter(with(std::make_shared<Source>(), MetricTemporality::Delta));
  ASSERT_TRUE(http->wait_idle());
  clock->advance(seconds(60));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(http->request_count(), 0U);
  clock->advance(seconds(60));
  ASSERT_TRUE(http->wait_for_requests(1));

  EXPECT_EQ(added_in_all("jobs"), 4);
}

TEST_F(MetricsExport, APartialSuccessIsReadAndNotRetried) {
  http->respond(
      reply_with(200, R"({"partialSuccess":{"rejectedDataPoints":1,"errorMessage":"too old"}})"));
  OtlpExporter exporter(with(registry.source()));
  EXPECT_FALSE(exporter.flush());

  EXPECT_EQ(exporter.metric_stats().dropped_by(DropReason::Rejected), 1U);
  EXPECT_EQ(http->request_count(), 1U);
  ASSERT_EQ(errors().size(), 1U);
  EXPECT_EQ(errors().front().destination, "otlp-metrics");
  EXPECT_NE(errors().front().message.find("too old"), std::string::npos);
}

TEST_F(MetricsExport, TooLargeARequestIsSplit) {
  http->respond([](const FakeHttpClient::Request& request) {
    return std::optional(reply_with(metrics_of(request.body).size() > 5 ? 413 : 200));
  });
  OtlpExporter exporter(with(registry.source()));
  requests.with("/a").add();
  EXPECT_TRUE(exporter.flush());

  EXPECT_GT(http->request_count(), 2U);
  EXPECT_EQ(exporter.metric_stats().dropped_total(), 0U);
}

TEST_F(MetricsExport, TheEnvironmentSaysHowAndWhen) {
  ScopedEnvironment environment;
  environment.set("OTEL_METRIC_EXPORT_INTERVAL", "5000");
  environment.set("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta");
  environment.set("OTEL_METRIC_EXPORT_TIMEOUT", "700");
  OtlpExporter exporter(with(registry.source()));
  ASSERT_TRUE(http->wait_idle());
  requests.with("/a").add();
  clock->advance(seconds(5));
  ASSERT_TRUE(http->wait_for_requests(1));

  EXPECT_EQ(sent_metrics().at("app_requests_total")["sum"]["aggregationTemporality"].as_integer(),
            1);
  EXPECT_EQ(requests_to(kMetrics).front().timeout, milliseconds(700));
}

TEST_F(MetricsExport, NoneAreSentWithoutASourceOrWhenTheyAreOff) {
  EXPECT_TRUE(OtlpExporter(config()).flush());
  ScopedEnvironment environment;
  environment.set("OTEL_METRICS_EXPORTER", "none");
  OtlpExporter off(with(registry.source()));
  EXPECT_TRUE(off.flush());

  EXPECT_EQ(http->request_count(), 0U);
  EXPECT_EQ(off.metric_stats().submitted, 0U);
}

TEST_F(MetricsExport, ADestinationOfMetricsTakesNoShareOfTheBudget) {
  TransportOptions small = options();
  small.max_items = 8;
  small.overflow = Overflow::drop_newest();
  OtlpConfig configured = with(registry.source());
  configured.transport = Transport::create(small);
  http->hold();
  OtlpExporter exporter(configured);
  for (int i = 0; i < 8; ++i) exporter.start_observation({.name = "x"}).end();

  EXPECT_EQ(exporter.stats().dropped_total(), 0U) << "all of the budget is the observations'";
  http->respond(reply_with(200));
  EXPECT_TRUE(exporter.flush());
  EXPECT_EQ(exporter.stats().delivered, 8U);
}

}  // namespace
}  // namespace llmtrace::tests
