// End to end: what a program records, logs and counts, through the exporter, over a real
// connection, in the collector.
#include <gtest/gtest.h>
#include <llmtrace/llm_metrics.h>
#include <llmtrace/log.h>
#include <llmtrace/observe.h>
#include <llmtrace/otlp_exporter.h>

#include "tests/collector/running_collector.h"
#include "tests/support/recording_log_sink.h"

namespace llmtrace::collector::testing {
namespace {

class ThroughTheCollector : public ::testing::TestWithParam<OtlpProtocol> {};

TEST_P(ThroughTheCollector, LogsAndScoresStandWithTheirSpansAndMetricsAreDiscarded) {
  const RunningCollector server;
  Metrics registry;
  const auto log = std::make_shared<llmtrace::tests::RecordingLogSink>();
  OtlpConfig config;
  config.endpoint = server.collector.url();
  config.protocol = GetParam();
  config.compression = OtlpCompression::Gzip;
  config.metrics = registry.source();
  config.transport = Transport::create({.log_sink = log});
  OtlpExporter exporter(config);
  const Logger logger({.sink = std::make_shared<llmtrace::tests::RecordingLogSink>()});
  logger.export_to(exporter.log_exporter());
  LlmMetrics metrics({.registry = &registry});

  auto observation = exporter.start_observation(
      {.name = "answer", .as_type = ObservationType::Generation, .model = "m"});
  {
    const auto active = observation.activate();
    logger.info("asking", {{"tokens", 42}});
    score_current({.name = "safe", .value = true, .comment = "nothing in it"});
  }
  observation.end();
  const std::string trace = observation.trace_id();
  ASSERT_TRUE(logger.flush());
  ASSERT_TRUE(exporter.flush());

  const JsonValue logs = server.client.get("/api/traces/" + trace + "/logs").json()["logs"];
  ASSERT_EQ(logs.elements().size(), 2U) << "a line and an event";
  const bool line_first = logs.elements()[0]["event_name"].is_null();
  const JsonValue& line = logs.elements()[line_first ? 0 : 1];
  EXPECT_EQ(line["body"].as_string(), "asking");
  EXPECT_EQ(line["node_id"].as_string(), observation.id());
  EXPECT_EQ(line["attributes"]["tokens"].as_integer(), 42);
  const JsonValue node = server.client.get("/api/traces/" + trace).json();
  EXPECT_NE(node.to_text().find(observation.id()), std::string::npos) << "the span is there";
  const JsonValue scores = server.scores("traceId=" + trace);
  ASSERT_EQ(scores.elements().size(), 1U);
  EXPECT_EQ(scores.elements()[0]["name"].as_string(), "safe");
  EXPECT_EQ(scores.elements()[0]["dataType"].as_string(), "BOOLEAN");

  for (const DestinationStats& stats :
       {exporter.stats(), exporter.log_stats(), exporter.metric_stats()}) {
    EXPECT_GT(stats.delivered, 0U) << stats.destination;
    EXPECT_EQ(stats.delivered, stats.submitted) << stats.destination;
  }
}

INSTANTIATE_TEST_SUITE_P(Encodings, ThroughTheCollector,
                         ::testing::Values(OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson));

}  // namespace
}  // namespace llmtrace::collector::testing
