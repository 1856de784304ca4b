// What a program hears when a server refuses its keys or sends it elsewhere: a remedy, once, and no
// credential.
#include "tests/support/transport_fixture.h"

namespace llmtrace::tests {
namespace {

class Refused : public TransportTest {};

TEST_F(Refused, DropsOnWrongKeysWithAHintAndLogsItOnce) {
  for (const int status : {401, 403}) {
    log = std::make_shared<RecordingLogSink>();
    clock = std::make_shared<FakeClock>();
    http = std::make_shared<FakeHttpClient>(clock);
    Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));
    http->respond(reply_with(status));

    target.submit_many(50);
    EXPECT_FALSE(target.flush(seconds(10)));
    const std::size_t at_once = log->lines().size();
    clock->advance(seconds(1));
    target.submit_many(50);
    EXPECT_FALSE(target.flush(seconds(10)));

    EXPECT_EQ(http->request_count(), 100U) << "no retries";
    EXPECT_EQ(at_once, 1U);
    EXPECT_EQ(log->lines().size(), 1U) << "it lasts";
    EXPECT_TRUE(log->contains("check TEST_KEY")) << log->text();
    EXPECT_EQ(target.stats().dropped_by(DropReason::Unauthorized), 100U);
    EXPECT_EQ(errors().back().http_status, status);
  }
}

TEST_F(Refused, TellsOfARefusedKeyOncePerOutageAndMinuteAndDestination) {
  const auto transport = make_transport();
  Target target(transport, line_destination("one", "http://127.0.0.1/one", {.max_items = 1}));
  Target other(transport, line_destination("two", "http://127.0.0.1/two", {.max_items = 1}));
  const auto send = [&](int status) {
    http->respond(reply_with(status));
    target.submit("x");
    other.submit("x");
    target.flush(seconds(10));
    other.flush(seconds(10));
  };

  send(401);
  EXPECT_EQ(log->count("one: dropped"), 1U);
  EXPECT_EQ(log->count("two: dropped"), 1U) << "one's hint holds back nothing of the other";
  for (int hour = 0; hour < 3; ++hour) {
    clock->advance(std::chrono::hours(1));
    send(403);
  }
  EXPECT_EQ(log->count("one: dropped"), 1U) << "the same outage";
  send(200);
  send(401);
  EXPECT_EQ(log->count("one: dropped"), 2U) << "another one";
  send(200);
  clock->advance(seconds(59));
  send(401);
  EXPECT_EQ(log->count("one: dropped"), 2U) << "within the minute";
  clock->advance(seconds(1));
  send(401);
  EXPECT_EQ(log->count("one: dropped"), 3U);
  EXPECT_EQ(log->count("two: dropped"), 3U);
}

TEST_F(Refused, RepeatsNoCredentialThatTheServerEchoes) {
  struct Authorized final : LineEncoder {
    using LineEncoder::LineEncoder;
    HttpRequest request() override {
      HttpRequest request = LineEncoder::request();
      // base64 of "user:canary-password"
      request.headers.push_back({"Authorization", "Basic dXNlcjpjYW5hcnktcGFzc3dvcmQ="});
      return request;
    }
  };
  DestinationOptions debug = line_destination<Authorized>("t", "http://127.0.0.1/");
  debug.debug = true;
  Target target(make_transport(), std::move(debug));
  for (const int status : {302, 400, 401, 503}) {
    http->respond([status](const FakeHttpClient::Request& request) {
      const std::string echo = "no " + request.header("Authorization") + " with canary-password";
      return std::optional(reply_with(status, echo, {{"Location", "http://x/?" + echo}}));
    });

    target.submit("x");
    EXPECT_FALSE(target.flush(seconds(0)));
    ASSERT_TRUE(http->wait_idle());
  }

  std::string all = log->text();
  for (const DeliveryError& error : errors()) all += error.message + "\n";
  EXPECT_EQ(errors().size(), 3U);
  EXPECT_NE(all.find("HTTP 401: no Basic [redacted] with [redacted]; check"), std::string::npos)
      << all;
  EXPECT_EQ(all.find("canary"), std::string::npos) << all;
  EXPECT_EQ(all.find("dXNlcj"), std::string::npos) << all;
}

TEST_F(Refused, NamesTheHostOfARedirectAndDoesNotFollowIt) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  http->respond(reply_with(307, "", {{"Location", "https://elsewhere.example.com/x"}}));

  target.submit("x");
  EXPECT_FALSE(target.flush(seconds(10)));

  EXPECT_EQ(http->request_count(), 1U);
  EXPECT_EQ(target.stats().dropped_by(DropReason::Rejected), 1U);
  EXPECT_TRUE(log->contains("https://elsewhere.example.com/x")) << log->text();
}

}  // namespace
}  // namespace llmtrace::tests
