// Logs and metrics over a real connection to a server that fails as told: nothing is lost, what is
// sent again is the same bytes, and differences add up to what was counted.
#include <algorithm>
#include <map>
#include <set>

#include "tests/otlp/signals/signals_fixture.h"
#include "tests/support/scripted_server.h"

namespace llmtrace::tests {
namespace {

struct Fault {
  const char* name;
  ServerReply reply;
  std::uint64_t ambiguous;  // whether the resend may have arrived already
};

std::vector<Fault> faults() {
  return {{"429", {.status = 429, .headers = {{"Retry-After", "0"}}}, 0},
          {"502", {.status = 502}, 0},
          {"503", {.status = 503}, 0},
          {"504", {.status = 504}, 0},
          {"closed before the reply", {.hang_up = true}, 1},
          {"closed within the status line", {.cut_at = 9}, 1},
          {"reset before the reply", {.cut_at = 0, .reset = true}, 1}};
}

class SignalFaults : public ::testing::Test {
 protected:
  OtlpConfig config_of(const ScriptedServer& server) {
    OtlpConfig config;
    config.endpoint = server.url();
    config.protocol = OtlpProtocol::HttpJson;
    config.compression = OtlpCompression::Gzip;
    config.transport = Transport::create({.log_sink = lines});
    return config;
  }
  // Each flush skips our own backoff once.
  template <class Settled>
  static bool flush_until(OtlpExporter& exporter, Settled settled) {
    for (int i = 0; i < 1000 && !settled(); ++i) exporter.flush(std::chrono::milliseconds(20));
    return settled();
  }

  std::shared_ptr<RecordingLogSink> lines = std::make_shared<RecordingLogSink>();
};

TEST_F(SignalFaults, LogRecordsArriveOnceWhateverTheServerDoesFirst) {
  for (const Fault& fault : faults()) {
    SCOPED_TRACE(fault.name);
    ScriptedServer server([&](const ServerRequest&, std::size_t before) {
      return before == 0 ? fault.reply : ServerReply();
    });
    OtlpExporter exporter(config_of(server));
    const Logger logger({.sink = std::make_shared<RecordingLogSink>()});
    logger.export_to(exporter.log_exporter());
    for (int i = 0; i < 10; ++i) logger.info("line " + std::to_string(i));
    ASSERT_TRUE(logger.flush());
    ASSERT_TRUE(flush_until(exporter, [&] { return exporter.log_stats().in_memory == 0; }));

    const auto requests = server.requests();
    ASSERT_GE(requests.size(), 2U);
    EXPECT_EQ(requests[0].raw_body, requests[1].raw_body) << "the same bytes";
    std::set<std::string> bodies;
    for (std::size_t i = 1; i < requests.size(); ++i) {
      for (const JsonValue& record : log_records_of(requests[i].body)) {
        EXPECT_TRUE(bodies.insert(record["body"]["stringValue"].as_string()).second) << "twice";
      }
    }
    EXPECT_EQ(bodies.size(), 10U);
    const DestinationStats stats = exporter.log_stats();
    EXPECT_EQ(stats.delivered, 10U);
    EXPECT_EQ(stats.ambiguous_resends, fault.ambiguous);
    expect_settled(stats);
  }
}

TEST_F(SignalFaults, DifferencesAddUpWhateverTheServerDoesFirst) {
  for (const Fault& fault : faults()) {
    SCOPED_TRACE(fault.name);
    ScriptedServer server([&](const ServerRequest&, std::size_t before) {
      return before % 2 == 0 ? fault.reply : ServerReply();
    });
    Metrics registry;
    const Counter counter = registry.counter({.name = "app_total"}).with();
    OtlpConfig config = config_of(server);
    config.metrics = registry.source();
    config.metric_temporality = MetricTemporality::Delta;
    OtlpExporter exporter(config);
    double counted = 0;
    for (int round = 1; round <= 5; ++round) {
      counter.add(round);
      counted += round;
      exporter.flush(std::chrono::milliseconds(20));
    }
    ASSERT_TRUE(flush_until(exporter, [&] {
      const DestinationStats stats = exporter.metric_stats();
      return stats.in_memory == 0 && stats.delivered > 0;
    }));

    std::set<std::string> seen;  // attempts of one body are one interval
    double told = 0;
    for (const ServerRequest& request : server.requests()) {
      if (!seen.insert(request.body).second) continue;
      for (const JsonValue& metric : metrics_of(request.body)) {
        if (metric["name"].as_string() != "app_total") continue;
        told += metric["sum"]["dataPoints"].elements().at(0)["asDouble"].as_double();
      }
    }
    EXPECT_EQ(told, counted);
    EXPECT_EQ(exporter.metric_stats().dropped_total(), 0U);
  }
}

TEST_F(SignalFaults, ABackendThatTakesOnlyTracesCostsTheOthersNothing) {
  ScriptedServer server([](const ServerRequest& request, std::size_t) {
    return ServerReply{.status = request.target == "/v1/traces" ? 200 : 404};
  });
  Metrics registry;
  OtlpConfig config = config_of(server);
  config.metrics = registry.source();
  OtlpExporter exporter(config);
  const Logger logger({.sink = std::make_shared<RecordingLogSink>()});
  logger.export_to(exporter.log_exporter());
  logger.info("line");
  exporter.start_observation({.name = "x"}).end();
  ASSERT_TRUE(logger.flush());
  EXPECT_FALSE(exporter.flush());

  EXPECT_EQ(exporter.stats().delivered, 1U);
  EXPECT_EQ(exporter.stats().dropped_total(), 0U);
  EXPECT_EQ(exporter.log_stats().dropped_by(DropReason::Rejected), 1U);
  EXPECT_GT(exporter.metric_stats().dropped_by(DropReason::Rejected), 0U);
  EXPECT_TRUE(lines->contains("nothing is at " + server.url() + "/v1/")) << lines->text();
}

}  // namespace
}  // namespace llmtrace::tests
