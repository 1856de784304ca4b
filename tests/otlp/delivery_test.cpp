// What replies mean: acknowledgements, partial success, retries, what is final.
#include <protozero/pbf_writer.hpp>

#include "tests/otlp/otlp_fixture.h"

namespace llmtrace::tests {
namespace {

std::string partial_success(std::int64_t rejected, const std::string& message) {
  std::string body;
  protozero::pbf_writer reply(body);
  protozero::pbf_writer partial(reply, 1);
  if (rejected != 0) partial.add_int64(1, rejected);
  if (!message.empty()) partial.add_string(2, message);
  return body;
}

class OtlpDelivery : public OtlpTest {
 protected:
  /// Sends three spans in one batch, answered by `reply`.
  DestinationStats sent(const OtlpConfig& with, HttpReply reply) {
    http->respond(std::move(reply));
    OtlpExporter exporter(with);
    for (int i = 0; i < 3; ++i) exporter.start_observation({.name = "n"}).end();
    exporter.flush(seconds(10));
    return exporter.stats();
  }
  DestinationStats sent(HttpReply reply) { return sent(config(), std::move(reply)); }
};

TEST_F(OtlpDelivery, SendsTheHeadersOfEachRequest) {
  OtlpConfig with = config();
  with.headers = {{"wandb-api-key", "k"}, {"project_id", "team/app"}};
  with.timeout = seconds(3);
  sent(with, reply_with(200));

  ASSERT_EQ(http->request_count(), 1U);
  const auto request = http->requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://otlp.test/v1/traces");
  EXPECT_EQ(request.header("wandb-api-key"), "k");
  EXPECT_EQ(request.header("project_id"), "team/app");
  EXPECT_EQ(request.header("Content-Type"), "application/x-protobuf");
  EXPECT_EQ(request.header("Content-Encoding"), "");
  EXPECT_EQ(request.timeout, seconds(3));
}

TEST_F(OtlpDelivery, Every2xxIsAnAcknowledgement) {
  for (const int status : {200, 202, 204}) {
    const DestinationStats stats = sent(reply_with(status));
    EXPECT_EQ(stats.delivered, 3U) << status;
    EXPECT_EQ(stats.dropped_total(), 0U) << status;
  }
  EXPECT_TRUE(log->lines().empty()) << log->text();
}

struct PartialReply {
  const char* what;
  std::string body;
};

TEST_F(OtlpDelivery, ReadsAPartialSuccessInBothEncodingsAndNeverRetriesIt) {
  const PartialReply table[] = {
      {"protobuf", partial_success(2, "too old")},
      {"JSON", R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}})"},
      {"JSON with a number", R"({"partialSuccess":{"rejectedSpans":2,"errorMessage":"too old"}})"}};
  for (const auto& [what, body] : table) {
    errors.clear();
    const std::size_t before = http->request_count();
    const DestinationStats stats = sent(reply_with(200, body));
    EXPECT_EQ(stats.delivered, 1U) << what;
    EXPECT_EQ(stats.dropped_by(DropReason::Rejected), 2U) << what;
    EXPECT_EQ(http->request_count(), before + 1) << what;
    ASSERT_EQ(errors.size(), 1U) << what;
    EXPECT_EQ(errors[0].count, 2U) << what;
    EXPECT_NE(errors[0].message.find("too old"), std::string::npos) << errors[0].message;
  }
}

TEST_F(OtlpDelivery, ANumberOfRejectedSpansIsNotBelieved) {
  EXPECT_EQ(sent(reply_with(200, partial_success(99, ""))).dropped_by(DropReason::Rejected), 3U);
  EXPECT_EQ(sent(reply_with(200, partial_success(-1, ""))).delivered, 3U);
}

TEST_F(OtlpDelivery, AWarningIsToldAndNothingIsLost) {
  EXPECT_EQ(sent(reply_with(200, partial_success(0, "clock skew"))).delivered, 3U);
  EXPECT_TRUE(log->contains("clock skew")) << log->text();
}

// A receiver is known that answers {"partialSuccess":{}} to protobuf, and OpenTelemetry's own C++
// exporter then counts what was stored as failed.
TEST_F(OtlpDelivery, AReplyInTheOtherEncodingIsRead) {
  EXPECT_EQ(sent(reply_with(200, R"({"partialSuccess":{}})")).delivered, 3U);
  EXPECT_TRUE(log->lines().empty()) << log->text();
}

TEST_F(OtlpDelivery, AReplyThatCannotBeReadIsOnlyTold) {
  for (const char* body : {"<html>ok</html>", "{\"partialSuccess\":", "\x0a\xff"}) {
    EXPECT_EQ(sent(reply_with(200, body)).delivered, 3U) << body;
  }
  HttpReply cut = reply_with(200, "{");
  cut.complete = false;
  EXPECT_EQ(sent(cut).delivered, 3U) << "its 2xx was read";
  EXPECT_TRUE(log->contains("cannot be read")) << log->text();
  EXPECT_TRUE(errors.empty());
}

TEST_F(OtlpDelivery, RetriesOnlyWhatTheSpecificationCallsRetryable) {
  for (const int status : {429, 502, 503, 504}) {
    const std::size_t before = http->request_count();
    http->respond(reply_with(status));
    OtlpExporter exporter(config());
    exporter.start_observation({.name = "n"}).end();
    ASSERT_TRUE(http->wait_idle());
    clock->advance(seconds(1));
    ASSERT_TRUE(http->wait_for_requests(before + 1));
    ASSERT_TRUE(http->wait_idle());
    EXPECT_EQ(exporter.stats().in_memory, 1U) << status;

    http->respond(reply_with(200));
    clock->advance(seconds(60));
    ASSERT_TRUE(http->wait_idle());
    EXPECT_EQ(exporter.stats().delivered, 1U) << status;
    EXPECT_EQ(exporter.stats().retries, 1U) << status;
    EXPECT_EQ(exporter.stats().ambiguous_resends, 0U) << status;
  }
}

TEST_F(OtlpDelivery, AllOtherStatusesAreFinalAndNameTheRemedy) {
  const std::pair<int, const char*> table[] = {{400, "OTEL_EXPORTER_OTLP_PROTOCOL"},
                                               {401, "OTEL_EXPORTER_OTLP_HEADERS"},
                                               {403, "OTEL_EXPORTER_OTLP_HEADERS"},
                                               {404, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"},
                                               {405, "path"},
                                               {408, "HTTP 408"},
                                               {415, "OTEL_EXPORTER_OTLP_PROTOCOL"},
                                               {500, "backend's own log"},
                                               {501, "HTTP 501"},
                                               {301, "redirects are not followed"}};
  for (const auto& [status, remedy] : table) {
    errors.clear();
    const std::size_t before = http->request_count();
    const DestinationStats stats = sent(reply_with(status, "reason"));
    EXPECT_EQ(stats.dropped_total(), 3U) << status;
    EXPECT_EQ(http->request_count(), before + 1) << status;
    ASSERT_EQ(errors.size(), 1U) << status;
    EXPECT_NE(errors[0].message.find(remedy), std::string::npos) << errors[0].message;
    EXPECT_EQ(errors[0].http_status, status);
  }
}

TEST_F(OtlpDelivery, HalvesWhatIsTooLarge) {
  http->respond([](const FakeHttpClient::Request& request) {
    return std::optional(reply_with(read_otlp_protobuf(request.body).spans.size() > 1 ? 413 : 200));
  });
  OtlpExporter exporter(config());
  for (int i = 0; i < 4; ++i) exporter.start_observation({.name = std::to_string(i)}).end();

  EXPECT_TRUE(exporter.flush(seconds(10)));
  EXPECT_EQ(exporter.stats().delivered, 4U);
}

TEST_F(OtlpDelivery, NoMessageRepeatsAKey) {
  OtlpConfig with = config();
  with.headers = {{"wandb-api-key", "canary-1234"}};
  sent(with, reply_with(401, "no such key: canary-1234"));
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].message.find("canary"), std::string::npos) << errors[0].message;
  EXPECT_EQ(log->text().find("canary"), std::string::npos) << log->text();
}

TEST_F(OtlpDelivery, NoMoreSpansWaitThanMaxQueueSize) {
  environment.set("OTEL_BSP_MAX_QUEUE_SIZE", "2");
  http->respond(reply_with(503, "", {{"Retry-After", "60"}}));
  OtlpExporter exporter(config());
  for (int i = 0; i < 5; ++i) exporter.start_observation({.name = "n"}).end();

  exporter.flush(seconds(1));  // the items come out of the queue, and the first two wait
  EXPECT_EQ(exporter.stats().dropped_by(DropReason::DestinationFull), 3U);
  EXPECT_EQ(exporter.stats().in_memory, 2U);

  http->respond(reply_with(200));
  clock->advance(seconds(60));
  exporter.flush(seconds(10));
  EXPECT_EQ(exporter.stats().delivered, 2U);
}

TEST_F(OtlpDelivery, ScoresPassByABackendThatTakesTracesAlone) {
  OtlpConfig traces_alone = config();
  traces_alone.endpoint = {};
  traces_alone.traces_endpoint = "https://otlp.test/v1/traces";
  for (const char* logs : {"otlp", "none"}) {
    environment.set("OTEL_LOGS_EXPORTER", logs);
    OtlpExporter exporter(std::string_view(logs) == "none" ? config() : traces_alone);
    const Observation observation = exporter.start_observation({.name = "n"});
    observation.score({.name = "quality", .value = 0.9});
    observation.end();
    EXPECT_TRUE(exporter.flush(seconds(10))) << logs;
    EXPECT_EQ(exporter.stats().submitted, 1U) << logs;
    EXPECT_EQ(exporter.stats().delivered, 1U) << logs;
  }
  EXPECT_TRUE(log->contains("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT")) << log->text();
  for (const auto& request : http->requests())
    EXPECT_EQ(request.url, "https://otlp.test/v1/traces");
}

TEST_F(OtlpDelivery, AScoreGivenToAnExporterWhoseLogsAreOffIsCountedAndTold) {
  environment.set("OTEL_LOGS_EXPORTER", "none");
  OtlpExporter exporter(config());
  exporter.score({.name = "quality", .value = 1, .session_id = "s-1"});

  EXPECT_FALSE(exporter.flush());
  EXPECT_EQ(exporter.stats().dropped_by(DropReason::Rejected), 1U);
  EXPECT_TRUE(log->contains("OTEL_LOGS_EXPORTER")) << log->text();
}

TEST_F(OtlpDelivery, ADisabledExporterRecordsNothingAndStealsNothing) {
  environment.set("OTEL_SDK_DISABLED", "true");
  OtlpExporter exporter(config());

  EXPECT_FALSE(exporter.enabled());
  exporter.start_observation({.name = "n"}).end();
  exporter.score({.name = "s", .value = 1, .trace_id = "t"});
  EXPECT_TRUE(exporter.flush(seconds(1)));
  EXPECT_EQ(http->request_count(), 0U);
  EXPECT_EQ(exporter.stats().submitted, 0U);
}

TEST_F(OtlpDelivery, SaysWhereItSendsWhenTheEnvironmentSaysSo) {
  environment.set("OTEL_EXPORTER_OTLP_ENDPOINT", "https://env.test/path");
  OtlpConfig from_environment = config();
  from_environment.endpoint = {};
  const OtlpExporter exporter(from_environment);

  ASSERT_EQ(log->lines().size(), 1U) << log->text();
  EXPECT_TRUE(log->contains("sends to env.test,")) << log->text();
}

}  // namespace
}  // namespace llmtrace::tests
