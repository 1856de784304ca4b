// Callbacks, masks and parts of the transport that throw: counted, and nothing is lost for it.
#include "tests/support/transport_fixture.h"

namespace llmtrace::tests {
namespace {

class ThrowingCode : public TransportTest {};

TEST_F(ThrowingCode, CountsAThrowingErrorCallbackAndLogSink) {
  struct ThrowingSink final : LogSink {
    void log(LogLevel, std::string_view) override { throw std::runtime_error("log"); }
  };
  TransportOptions transport_options = options();
  transport_options.log_sink = std::make_shared<ThrowingSink>();
  transport_options.on_error = [](const DeliveryError&) { throw 42; };
  Target target(Transport::create(transport_options), line_destination("t", "http://127.0.0.1/"));
  http->respond(reply_with(401));

  target.submit("x");
  EXPECT_FALSE(target.flush(seconds(10)));

  // The callback, the line about the dropped item, and the line about the callback.
  EXPECT_EQ(target.stats().user_code_failures, 3U);
  expect_settled(target.stats());
}

TEST_F(ThrowingCode, AThrowingMaskFailsClosedAndIsCounted) {
  DestinationOptions destination = line_destination("t", "http://127.0.0.1/");
  destination.mask = [](JsonText text, Field) -> JsonText {
    if (text.text.find("secret") != std::string::npos) throw std::runtime_error("mask");
    return {"\"masked\""};
  };
  Target target(make_transport(), std::move(destination));

  target.submit("a", "secret");
  target.submit("b", "other");
  EXPECT_TRUE(target.flush(seconds(10)));

  EXPECT_EQ(http->requests().at(0).body, "a \"" + std::string(kMaskFailed) + "\"\nb \"masked\"\n");
  EXPECT_EQ(target.stats().user_code_failures, 1U);
}

TEST_F(ThrowingCode, AnHttpClientThatThrowsLosesNothing) {
  struct Throwing final : HttpClient {
    explicit Throwing(FakeHttpClient& real) : inner(real) {}
    void send(std::uint64_t id, const HttpRequest& request) override {
      if (failures > 0) {
        --failures;
        throw std::bad_alloc();
      }
      inner.send(id, request);
    }
    std::vector<HttpReply> poll(std::chrono::milliseconds timeout) override {
      return inner.poll(timeout);
    }
    void cancel(std::uint64_t id) noexcept override { inner.cancel(id); }
    void wakeup() noexcept override { inner.wakeup(); }
    HttpReply fetch(const HttpRequest& request) override { return inner.fetch(request); }
    FakeHttpClient& inner;
    int failures = 1;
  };
  TransportOptions transport_options = options();
  transport_options.http_client = std::make_shared<Throwing>(*http);
  Target target(Transport::create(transport_options), line_destination("t", "http://127.0.0.1/"));

  target.submit("x");
  ASSERT_TRUE(http->wait_idle());
  clock->advance(seconds(1));  // the linger
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(http->request_count(), 0U);
  clock->advance(seconds(1));  // the backoff

  EXPECT_TRUE(target.flush(seconds(10)));
  EXPECT_EQ(http->request_count(), 1U);
  expect_settled(target.stats());
}

TEST_F(ThrowingCode, AJudgeThatThrowsLosesNothing) {
  struct Throwing final : LineEncoder {
    using LineEncoder::LineEncoder;
    Verdict judge(const Attempt& attempt, const HttpReply& reply, Timestamp now) override {
      if (calls++ == 0) throw std::bad_alloc();
      return LineEncoder::judge(attempt, reply, now);
    }
    int calls = 0;
  };
  Target target(make_transport(), line_destination<Throwing>("t", "http://127.0.0.1/"));

  target.submit("x");
  EXPECT_FALSE(target.flush(milliseconds(0)));
  ASSERT_TRUE(http->wait_idle());
  clock->advance(seconds(1));

  EXPECT_TRUE(target.flush(seconds(10)));
  EXPECT_EQ(http->request_count(), 2U);
  expect_settled(target.stats());
}

}  // namespace
}  // namespace llmtrace::tests
