// A real server on a loopback port that fails as told: nothing is lost, nothing is sent again whose
// 2xx was read, and what is sent again is the same bytes, counted when it may have arrived already.
#include <algorithm>
#include <set>

#include "tests/otlp/otlp_fixture.h"
#include "tests/support/scripted_server.h"

namespace llmtrace::tests {
namespace {

struct Fault {
  const char* name;
  ServerReply reply;
  std::uint64_t ambiguous;  // how many resends may have arrived already
};

std::vector<Fault> faults() {
  std::vector<Fault> all;
  for (const int status : {429, 502, 503, 504}) {
    all.push_back({"status alone", {.status = status}, 0});
    all.push_back(
        {"Retry-After in seconds", {.status = status, .headers = {{"Retry-After", "0"}}}, 0});
    all.push_back(
        {"Retry-After as a date in the past",
         {.status = status, .headers = {{"Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"}}},
         0});
  }
  all.push_back({"closed before the reply", {.hang_up = true}, 1});
  all.push_back({"closed within the status line", {.cut_at = 9}, 1});
  all.push_back({"reset before the reply", {.cut_at = 0, .reset = true}, 1});
  return all;
}

class OtlpFaults : public OtlpTest, public ::testing::WithParamInterface<OtlpProtocol> {
 protected:
  OtlpConfig config_of(const ScriptedServer& server) {
    OtlpConfig config;
    config.endpoint = server.url();
    config.protocol = GetParam();
    config.compression = OtlpCompression::Gzip;
    config.max_batch_items = 10;
    config.transport = real_transport;
    return config;
  }
  ReadExport read(const ServerRequest& request) const {
    return GetParam() == OtlpProtocol::HttpJson ? read_otlp_json(request.body)
                                                : read_otlp_protobuf(request.body);
  }
  static void send(OtlpExporter& exporter, int count) {
    for (int i = 0; i < count; ++i) exporter.start_observation({.name = std::to_string(i)}).end();
  }
  /// Flushes until all is settled: each flush skips our own backoff once.
  static bool settle(OtlpExporter& exporter) {
    for (int i = 0; i < 1000 && exporter.stats().in_memory > 0; ++i) {
      exporter.flush(milliseconds(20));
    }
    return exporter.stats().in_memory == 0;
  }

  std::shared_ptr<RecordingLogSink> lines = std::make_shared<RecordingLogSink>();
  std::shared_ptr<Transport> real_transport = Transport::create({.log_sink = lines});
};

INSTANTIATE_TEST_SUITE_P(, OtlpFaults,
                         ::testing::Values(OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson),
                         [](const auto& protocol) {
                           return protocol.param == OtlpProtocol::HttpProtobuf ? "Protobuf"
                                                                               : "Json";
                         });

TEST_P(OtlpFaults, LosesNothingAndRepeatsTheSameBytes) {
  for (const Fault& fault : faults()) {
    ScriptedServer server([&fault](const ServerRequest&, std::size_t before) {
      return before == 0 ? fault.reply : ServerReply();
    });
    OtlpExporter exporter(config_of(server));
    send(exporter, 5);

    ASSERT_TRUE(settle(exporter)) << fault.name << lines->text();
    const DestinationStats stats = exporter.stats();
    EXPECT_EQ(stats.delivered, 5U) << fault.name;
    EXPECT_EQ(stats.retries, 1U) << fault.name;
    EXPECT_EQ(stats.ambiguous_resends, fault.ambiguous) << fault.name << " " << fault.reply.status;
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 2U) << fault.name;
    EXPECT_EQ(requests[0].raw_body, requests[1].raw_body) << fault.name;
    EXPECT_EQ(requests[0].header("content-type"), requests[1].header("content-type"));
    EXPECT_EQ(requests[0].header("content-encoding"), "gzip");
    EXPECT_EQ(read(requests[1]).spans.size(), 5U) << fault.name;
  }
}

TEST_P(OtlpFaults, SendsNothingAgainWhose2xxWasRead) {
  const std::string whole = R"({"partialSuccess":{"rejectedSpans":"1","errorMessage":"old"}})";
  const ServerReply replies[] = {{.status = 200},
                                 {.status = 202, .body = ""},
                                 {.status = 200, .body = whole},
                                 {.status = 200, .body = "no such encoding"},
                                 {.status = 200, .body = whole, .cut_at = 60}};
  for (const ServerReply& reply : replies) {
    ScriptedServer server([&reply](const ServerRequest&, std::size_t) { return reply; });
    OtlpExporter exporter(config_of(server));
    send(exporter, 5);

    ASSERT_TRUE(settle(exporter)) << reply.body;
    EXPECT_EQ(server.requests().size(), 1U) << reply.body;
    EXPECT_EQ(exporter.stats().delivered + exporter.stats().dropped_by(DropReason::Rejected), 5U);
    EXPECT_EQ(exporter.stats().ambiguous_resends, 0U) << reply.body;
  }
}

// A storm of all of it: every span is at the server, and no batch came again after its 2xx.
TEST_P(OtlpFaults, AStormLosesNothing) {
  constexpr int kSpans = 300;
  const std::vector<Fault> all = faults();
  std::mutex mutex;
  std::multiset<std::string> accepted;
  ScriptedServer server([&](const ServerRequest& request, std::size_t before) {
    if (before % 3 != 2) return all[before % all.size()].reply;
    const std::lock_guard lock(mutex);
    accepted.insert(request.raw_body);
    return ServerReply();
  });
  OtlpExporter exporter(config_of(server));
  send(exporter, kSpans);

  ASSERT_TRUE(settle(exporter)) << lines->text();
  const DestinationStats stats = exporter.stats();
  EXPECT_EQ(stats.delivered, static_cast<std::uint64_t>(kSpans)) << lines->text();
  EXPECT_EQ(stats.dropped_total(), 0U);
  std::set<std::string> names;
  for (const std::string& body : accepted) {
    EXPECT_EQ(accepted.count(body), 1U) << "a batch came again after its 2xx";
    ServerRequest request;
    request.body = gunzip(body);
    for (const ReadSpan& span : read(request).spans) names.insert(span.name);
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kSpans));
}

TEST_P(OtlpFaults, WaitsAsLongAsRetryAfterSays) {
  ScriptedServer server([](const ServerRequest&, std::size_t before) {
    return before == 0 ? ServerReply{.status = 429, .headers = {{"Retry-After", "1"}}}
                       : ServerReply();
  });
  OtlpExporter exporter(config_of(server));
  send(exporter, 1);

  EXPECT_TRUE(settle(exporter));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_GE(requests[1].at - requests[0].at, milliseconds(1000));
}

}  // namespace
}  // namespace llmtrace::tests
