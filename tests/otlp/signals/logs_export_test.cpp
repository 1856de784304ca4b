// A logger's lines, and scores, as OTLP log records.
#include <llmtrace/observe.h>

#include <atomic>
#include <thread>

#include "common/src/id_types.h"
#include "tests/otlp/signals/signals_fixture.h"

namespace llmtrace::tests {
namespace {

class LogsExport : public SignalsTest {};

TEST_F(LogsExport, ALineIsARecordWithItsFieldsAndItsObservation) {
  OtlpExporter exporter(config());
  const Logger logger = logger_to(exporter);
  auto observation = exporter.start_observation({.name = "answer"});
  {
    const auto active = observation.activate();
    const auto context = set_context({{"request_id", "r-1"}, {"model", "old"}});
    logger.warning("slow", {{"model", "m"},
                            {"tokens", 42},
                            {"share", 0.5},
                            {"cached", true},
                            {"nothing", nullptr},
                            {"logger", "mine"},
                            {"list", std::vector<int>{1, 2}}});
  }
  ASSERT_TRUE(logger.flush());
  ASSERT_TRUE(exporter.flush());

  const auto records = sent_logs();
  ASSERT_EQ(records.size(), 1U);
  const JsonValue& record = records.front();
  EXPECT_EQ(record["body"]["stringValue"].as_string(), "slow");
  EXPECT_EQ(record["severityNumber"].as_integer(), 13);
  EXPECT_EQ(record["severityText"].as_string(), "warning");
  EXPECT_EQ(record["timeUnixNano"].as_string(), "1794816000000000000");
  EXPECT_EQ(record["observedTimeUnixNano"].as_string(), "1794816000000000000");
  EXPECT_EQ(record["traceId"].as_string(), observation.trace_id());
  EXPECT_EQ(record["spanId"].as_string(), observation.id());
  EXPECT_EQ(record["flags"].as_integer(), 1);
  const std::map<std::string, std::string> expected = {
      {"logger", string_value("api")},     {"request_id", string_value("r-1")},
      {"model", string_value("m")},        {"tokens", R"({"intValue":"42"})"},
      {"share", R"({"doubleValue":0.5})"}, {"cached", R"({"boolValue":true})"},
      {"list", string_value("[1,2]")},     {"fields.logger", string_value("mine")},
  };
  EXPECT_EQ(attributes_of(record), expected);
  EXPECT_EQ(sink->lines().size(), 1U) << "it stands in the file, too";
  EXPECT_EQ(logger.stats().exported, 1U);
}

TEST_F(LogsExport, NoTwoAttributesHaveOneName) {
  OtlpExporter exporter(config());
  const Logger logger = logger_to(exporter);
  logger.info("x", {{"fields.logger", 1}, {"logger", 2}});
  ASSERT_TRUE(logger.flush());
  ASSERT_TRUE(exporter.flush());

  const std::map<std::string, std::string> expected = {
      {"logger", string_value("api")},
      {"fields.logger", R"({"intValue":"1"})"},
      {"fields.fields.logger", R"({"intValue":"2"})"},
  };
  EXPECT_EQ(attributes_of(sent_logs().at(0)), expected);
}

TEST_F(LogsExport, ALineOutsideOfATraceHasNoIds) {
  OtlpExporter exporter(config());
  const Logger logger = logger_to(exporter);
  logger.info("started");
  ASSERT_TRUE(logger.flush());
  ASSERT_TRUE(exporter.flush());

  const auto records = sent_logs();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records.front().find("traceId"), nullptr);
  EXPECT_EQ(records.front().find("flags"), nullptr);
}

TEST_F(LogsExport, KeepsTheLimitsOfAttributesAndCountsWhatTheyCost) {
  ScopedEnvironment environment;
  environment.set("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "2");
  environment.set("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "2");
  OtlpExporter exporter(config());
  const Logger logger = logger_to(exporter);
  logger.info("started", {{"a", "äöü"}, {"b", 1}, {"c", 2}});
  ASSERT_TRUE(logger.flush());
  ASSERT_TRUE(exporter.flush());

  const auto records = sent_logs();
  ASSERT_EQ(records.size(), 1U);
  const std::map<std::string, std::string> expected = {{"logger", string_value("ap")},
                                                       {"a", string_value("äö")}};
  EXPECT_EQ(attributes_of(records.front()), expected);
  EXPECT_EQ(records.front()["droppedAttributesCount"].as_integer(), 2);
}

TEST_F(LogsExport, GoesOnWhereTracesAreOff) {
  ScopedEnvironment environment;
  environment.set("OTEL_TRACES_EXPORTER", "none");
  OtlpExporter exporter(config());
  EXPECT_TRUE(exporter.enabled());
  const Logger logger = logger_to(exporter);
  {
    const Observation observation = exporter.start_observation({.name = "n"});
    const auto active = observation.activate();
    exporter.score({.name = "quality", .value = 1});
    logger.info("started");
  }
  ASSERT_TRUE(logger.flush());
  ASSERT_TRUE(exporter.flush());

  EXPECT_EQ(sent_logs().size(), 1U);
  EXPECT_EQ(exporter.log_stats().delivered, 1U);
  EXPECT_EQ(exporter.stats().submitted, 0U);
  EXPECT_EQ(http->request_count(), requests_to(kLogs).size());
  EXPECT_TRUE(exporter.shutdown(seconds(5)));
}

TEST_F(LogsExport, ABatchGoesWhenItsTimeHasCome) {
  OtlpExporter exporter(config());
  const Logger logger = logger_to(exporter);
  for (int i = 0; i < 3; ++i) logger.info("line");
  ASSERT_TRUE(logger.flush());
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(http->request_count(), 0U);

  clock->advance(seconds(5));
  ASSERT_TRUE(http->wait_for_requests(1));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(sent_logs().size(), 3U);
  EXPECT_EQ(requests_to(kLogs).size(), 1U);
}

TEST_F(LogsExport, MasksSeeAllOfAPreviewBeforeItIsCut) {
  OtlpConfig masked = config();
  masked.mask = [](const JsonText& value, Field /*field*/) {
    std::string text = value.text;
    for (std::size_t at = text.find("secret"); at != std::string::npos; at = text.find("secret")) {
      text.replace(at, 6, "******");
    }
    return JsonText{text};
  };
  OtlpExporter exporter(masked);
  const Logger logger = logger_to(exporter);
  logger.log_llm_request({.model = "m", .prompt = "my secret", .preview_bytes = 6});
  logger.info("the secret", {{"key", "a secret"}});
  ASSERT_TRUE(logger.flush());
  ASSERT_TRUE(exporter.flush());

  const auto records = sent_logs();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(attributes_of(records[0]).at("prompt_preview"), string_value("my ***"));
  EXPECT_EQ(records[1]["body"]["stringValue"].as_string(), "the ******");
  EXPECT_EQ(attributes_of(records[1]).at("key"), string_value("a ******"));
}

TEST_F(LogsExport, WhatTheTransportSaysOfItselfIsNotExported) {
  http->respond([](const FakeHttpClient::Request& request) {
    return std::optional(reply_with(request.url == kLogs ? 401 : 200));
  });
  const Logger logger({.name = "api", .sink = sink, .clock = clock});
  TransportOptions own = options();
  own.log_sink = logger.as_sink();
  own.on_error = [&](const DeliveryError& error) {
    logger.error("not delivered", {{"reason", to_string(error.reason)}});
  };
  OtlpConfig configured = config();
  configured.transport = Transport::create(own);
  OtlpExporter exporter(configured);
  logger.export_to(exporter.log_exporter());
  logger.as_sink()->log(LogLevel::Error, "said on any thread");
  logger.info("a line");
  ASSERT_TRUE(logger.flush());
  EXPECT_FALSE(exporter.flush());

  ASSERT_TRUE(logger.flush());
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(requests_to(kLogs).size(), 1U) << "a line about a line would make the next request";
  const auto records = sent_logs();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records.front()["body"]["stringValue"].as_string(), "a line");
  EXPECT_EQ(exporter.log_stats().dropped_by(DropReason::Unauthorized), 1U);
  const LogStats lines = logger.stats();
  EXPECT_EQ(lines.exported, 1U);
  EXPECT_GE(lines.written, 3U) << "in the file there are all of them";
}

TEST_F(LogsExport, ALoggerExportsToWhomItIsTold) {
  OtlpExporter exporter(config());
  const Logger logger({.name = "api", .sink = sink, .clock = clock});
  logger.info("before");
  ASSERT_TRUE(logger.flush());
  logger.export_to(exporter.log_exporter());
  logger.named("other").info("between");
  ASSERT_TRUE(logger.flush());
  logger.export_to(nullptr);
  logger.info("after");
  ASSERT_TRUE(logger.flush());
  ASSERT_TRUE(exporter.flush());

  const auto records = sent_logs();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(attributes_of(records.front()).at("logger"), string_value("other"));
}

TEST_F(LogsExport, APartialSuccessIsReadAndNotRetried) {
  http->respond(
      reply_with(200, R"({"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}})"));
  OtlpExporter exporter(config());
  const Logger logger = logger_to(exporter);
  for (int i = 0; i < 5; ++i) logger.info("line");
  ASSERT_TRUE(logger.flush());
  EXPECT_FALSE(exporter.flush());

  const DestinationStats stats = exporter.log_stats();
  EXPECT_EQ(stats.destination, "otlp-logs");
  EXPECT_EQ(stats.delivered, 3U);
  EXPECT_EQ(stats.dropped_by(DropReason::Rejected), 2U);
  EXPECT_EQ(http->request_count(), 1U);
  ASSERT_EQ(errors().size(), 1U);
  EXPECT_NE(errors().front().message.find("too old"), std::string::npos);
  EXPECT_EQ(errors().front().count, 2U);
}

TEST_F(LogsExport, WhatIsRetriedIsTheSameBytes) {
  std::atomic<int> replies{0};
  http->respond([&](const FakeHttpClient::Request&) {
    return std::optional(++replies < 3 ? no_reply(true) : reply_with(200));
  });
  OtlpExporter exporter(config());
  const Logger logger = logger_to(exporter);
  logger.info("line");
  ASSERT_TRUE(logger.flush());
  EXPECT_TRUE(flush_in_fake_time(exporter));

  const auto requests = requests_to(kLogs);
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[0].body, requests[1].body);
  EXPECT_EQ(requests[0].body, requests[2].body);
  EXPECT_EQ(exporter.log_stats().ambiguous_resends, 2U);
  EXPECT_EQ(exporter.log_stats().delivered, 1U);
}

TEST_F(LogsExport, ALineThatIsTooLargeIsCut) {
  OtlpConfig small = config();
  small.max_item_bytes = 4096;
  OtlpExporter exporter(small);
  const Logger logger = logger_to(exporter);
  logger.info(std::string(20'000, 'x'));
  ASSERT_TRUE(logger.flush());
  ASSERT_TRUE(exporter.flush());

  const auto records = sent_logs();
  ASSERT_EQ(records.size(), 1U);
  const std::string body = records.front()["body"]["stringValue"].as_string();
  EXPECT_NE(body.find("\"bytes\":20000"), std::string::npos) << body.substr(body.size() - 200);
  EXPECT_EQ(exporter.log_stats().truncated_items, 1U);
}

TEST_F(LogsExport, LinesAfterTheEndOfTheExporterAreCounted) {
  auto exporter = std::make_unique<OtlpExporter>(config());
  const Logger logger = logger_to(*exporter);
  exporter->shutdown(seconds(1));
  logger.info("late");
  ASSERT_TRUE(logger.flush());

  EXPECT_EQ(exporter->log_stats().dropped_by(DropReason::ClientClosed), 1U);
  expect_settled(exporter->log_stats());
  exporter.reset();
  logger.info("later");
  EXPECT_TRUE(logger.flush());
}

TEST_F(LogsExport, ThereIsNoExporterWhenLogsAreOff) {
  ScopedEnvironment environment;
  environment.set("OTEL_LOGS_EXPORTER", "none");
  OtlpExporter without_logs(config());
  EXPECT_EQ(without_logs.log_exporter(), nullptr);
  OtlpConfig off = config();
  off.enabled = false;
  OtlpExporter disabled(off);
  EXPECT_EQ(disabled.log_exporter(), nullptr);
  EXPECT_EQ(disabled.log_stats().submitted, 0U);

  const Logger logger = logger_to(without_logs);
  logger.info("line");
  EXPECT_TRUE(logger.flush());
  EXPECT_EQ(logger.stats().exported, 0U);
}

TEST_F(LogsExport, NothingIsLostBetweenLoggerAndBackend) {
  constexpr std::size_t kThreads = 8;
  constexpr std::size_t kLines = 500;
  std::atomic<unsigned> count{0};
  http->respond([&](const FakeHttpClient::Request&) {
    return std::optional(++count % 3 == 0 ? reply_with(503) : reply_with(200));
  });
  OtlpExporter exporter(config());
  const Logger logger(
      {.name = "api", .overflow = Overflow::block(seconds(60)), .sink = sink, .clock = clock});
  logger.export_to(exporter.log_exporter());
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&logger, thread] {
      for (std::size_t i = 0; i < kLines; ++i) logger.info("line", {{"thread", thread}, {"i", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(logger.flush(seconds(60)));
  EXPECT_TRUE(flush_in_fake_time(exporter));

  EXPECT_EQ(logger.stats().exported, kThreads * kLines);
  const DestinationStats stats = exporter.log_stats();
  EXPECT_EQ(stats.submitted, kThreads * kLines);
  EXPECT_EQ(stats.delivered, kThreads * kLines);
  expect_settled(stats);
  EXPECT_EQ(exporter.stats().submitted, 0U) << "lines are counted apart from observations";
}

// ---- Scores

TEST_F(LogsExport, AScoreIsAnEvaluationEventOfItsSpan) {
  OtlpExporter exporter(config());
  auto observation = exporter.start_observation({.name = "answer"});
  {
    const auto active = observation.activate();
    score_current({.name = "grounded", .value = 0.9, .comment = "as it says"});
    score_current({.name = "tone", .value = "friendly"});
    score_current({.name = "safe", .value = true});
  }
  exporter.score({.name = "quality", .value = 1, .session_id = "s-1"});
  observation.end();
  ASSERT_TRUE(exporter.flush());

  const auto records = sent_logs();
  ASSERT_EQ(records.size(), 4U);
  for (const JsonValue& record : records) {
    EXPECT_EQ(record["eventName"].as_string(), "gen_ai.evaluation.result");
  }
  EXPECT_EQ(records[0]["traceId"].as_string(), observation.trace_id());
  EXPECT_EQ(records[0]["spanId"].as_string(), observation.id());
  auto attributes = attributes_of(records[0]);
  EXPECT_EQ(attributes.at("gen_ai.evaluation.name"), string_value("grounded"));
  EXPECT_EQ(attributes.at("gen_ai.evaluation.score.value"), R"({"doubleValue":0.9})");
  EXPECT_EQ(attributes.at("gen_ai.evaluation.explanation"), string_value("as it says"));
  EXPECT_FALSE(attributes.contains("gen_ai.evaluation.score.label"));
  EXPECT_EQ(attributes_of(records[1]).at("gen_ai.evaluation.score.label"),
            string_value("friendly"));
  attributes = attributes_of(records[2]);
  EXPECT_EQ(attributes.at("gen_ai.evaluation.score.label"), string_value("true"));
  EXPECT_EQ(attributes.at("gen_ai.evaluation.score.value"), R"({"doubleValue":1})");
  EXPECT_EQ(attributes_of(records[3]).at("session.id"), string_value("s-1"));
  EXPECT_EQ(records[3].find("traceId"), nullptr);
  EXPECT_EQ(exporter.stats().delivered, 5U) << "a span and four scores";
}

TEST_F(LogsExport, NothingGoesToAHostThatNobodyNamed) {
  OtlpConfig traces_alone = config();
  traces_alone.endpoint = {};
  traces_alone.traces_endpoint = kTraces;
  traces_alone.metrics = Metrics::process_default().source();
  OtlpExporter exporter(traces_alone);
  EXPECT_EQ(exporter.log_exporter(), nullptr);
  EXPECT_TRUE(exporter.flush());

  EXPECT_EQ(http->request_count(), 0U);
  EXPECT_TRUE(log->contains("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"));
  EXPECT_TRUE(log->contains("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"));
}

}  // namespace
}  // namespace llmtrace::tests
