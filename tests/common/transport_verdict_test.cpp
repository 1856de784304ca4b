// What replies do to batches: splits, drops, verdicts per item, and what a program hears of it.
#include <set>

#include "common/src/score.h"
#include "tests/support/transport_fixture.h"

namespace llmtrace::testing {
namespace {

class Judging : public TransportTest {
 protected:
  // A server that has taken every line it has acknowledged.
  FakeHttpClient::Responder server(std::function<int(const std::vector<std::string>&)> status) {
    return [this, status](const FakeHttpClient::Request& request) {
      const auto lines = lines_of(request.body);
      const int code = status(lines);
      if (code == 200) delivered.insert(delivered.end(), lines.begin(), lines.end());
      return std::optional(reply_with(code, "why not"));
    };
  }
  bool contains(const std::vector<std::string>& lines, std::string_view wanted) {
    return std::find(lines.begin(), lines.end(), wanted) != lines.end();
  }

  std::vector<std::string> delivered;  // flusher thread; read when all is settled
};

// R9
TEST_F(Judging, FindsOnePoisonItemIn500) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 500}));
  for (const std::size_t poison : {0UL, 1UL, 249UL, 250UL, 333UL, 499UL}) {
    const std::string name = "item-" + std::to_string(poison);
    delivered.clear();
    http->respond(server([&](const auto& lines) { return contains(lines, name) ? 400 : 200; }));
    const std::size_t before = http->request_count();
    const std::size_t errors_before = errors().size();

    target.submit_many(500);
    EXPECT_FALSE(target.flush(seconds(10)));

    EXPECT_EQ(std::set<std::string>(delivered.begin(), delivered.end()).size(), 499U);
    EXPECT_EQ(delivered.size(), 499U);
    EXPECT_FALSE(contains(delivered, name));
    EXPECT_LE(http->request_count() - before - 1, 18U) << "extra requests";
    ASSERT_EQ(errors().size(), errors_before + 1);
    const DeliveryError error = errors().back();
    EXPECT_EQ(error.destination, "t");
    EXPECT_EQ(error.reason, DropReason::Rejected);
    EXPECT_EQ(error.http_status, 400);
    EXPECT_EQ(error.count, 1U);
    ASSERT_EQ(error.ids.size(), 1U);
    EXPECT_EQ(error.ids[0].size(), 16U);
    EXPECT_EQ(error.message, "HTTP 400: why not");
    expect_settled(target.stats());
  }
}

TEST_F(Judging, ReportsThePoisonItemsOwnId) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  http->respond(server([&](const auto& lines) { return contains(lines, "poison") ? 422 : 200; }));
  target.submit_many(20);
  const Ref<Cell> cell = start_cell({.name = "poison"}, {.destinations = &target.set()});
  end_cell(*cell, {});
  target.submit_many(20, "more-");

  EXPECT_FALSE(target.flush(seconds(10)));

  ASSERT_EQ(errors().size(), 1U);
  EXPECT_EQ(errors()[0].ids, std::vector<std::string>{to_hex(cell->record.span_id)});
}

TEST_F(Judging, SplitsA413AndLearnsTheSmallerLimit) {
  constexpr std::size_t kServerLimit = 100'000;
  Target target(make_transport(),
                line_destination("t", "http://127.0.0.1/", {.max_items = 100'000}));
  http->respond([&](const FakeHttpClient::Request& request) {
    const bool fits = request.body.size() <= kServerLimit;
    return std::optional(reply_with(fits ? 200 : 413));
  });
  const std::string text(1000, 'x');

  for (int i = 0; i < 1000; ++i) target.submit(text);
  EXPECT_TRUE(target.flush(seconds(10)));
  const std::size_t learned_at = http->request_count();
  for (int i = 0; i < 1000; ++i) target.submit(text);
  EXPECT_TRUE(target.flush(seconds(10)));

  const auto requests = http->requests();
  for (std::size_t i = learned_at; i < requests.size(); ++i) {
    EXPECT_LE(requests[i].body.size(), kServerLimit);
  }
  EXPECT_EQ(target.stats().delivered, 2000U);
}

TEST_F(Judging, DropsASingleItemThatIsTooLargeForTheServer) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  http->respond([](const FakeHttpClient::Request& request) {
    return std::optional(reply_with(request.body.size() > 1000 ? 413 : 200));
  });

  target.submit("a");
  target.submit(std::string(5000, 'x'));
  target.submit("b");
  EXPECT_FALSE(target.flush(seconds(10)));

  EXPECT_EQ(target.stats().delivered, 2U);
  EXPECT_EQ(target.stats().dropped_by(DropReason::TooLarge), 1U);
}

TEST_F(Judging, DropsOnWrongKeysWithAHintAndLogsItOnce) {
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

TEST_F(Judging, TellsOfARefusedKeyOncePerOutageAndMinuteAndDestination) {
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

TEST_F(Judging, RepeatsNoCredentialThatTheServerEchoes) {
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

TEST_F(Judging, NamesTheHostOfARedirectAndDoesNotFollowIt) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  http->respond(reply_with(307, "", {{"Location", "https://elsewhere.example.com/x"}}));

  target.submit("x");
  EXPECT_FALSE(target.flush(seconds(10)));

  EXPECT_EQ(http->request_count(), 1U);
  EXPECT_EQ(target.stats().dropped_by(DropReason::Rejected), 1U);
  EXPECT_TRUE(log->contains("https://elsewhere.example.com/x")) << log->text();
}

TEST_F(Judging, CountsWhatADeliveredBatchHadRefused) {
  struct Refusing final : LineEncoder {
    using LineEncoder::LineEncoder;
    Verdict judge(const Attempt&, const HttpReply&, Timestamp) override {
      return {.kind = Verdict::Kind::Delivered, .message = "two were no good", .rejected = 2};
    }
  };
  Target target(make_transport(), line_destination<Refusing>("t", "http://127.0.0.1/"));

  target.submit_many(5);
  EXPECT_FALSE(target.flush(seconds(10)));

  EXPECT_EQ(target.stats().delivered, 3U);
  EXPECT_EQ(target.stats().dropped_by(DropReason::Rejected), 2U);
  ASSERT_EQ(errors().size(), 1U);
  EXPECT_EQ(errors()[0].count, 2U);
  EXPECT_EQ(errors()[0].message, "two were no good");
  expect_settled(target.stats());
}

// The reply holds one letter per item: d(elivered), r(etry), b(ad), u(nauthorized), n(othing said).
struct PerItemEncoder final : LineEncoder {
  using LineEncoder::LineEncoder;
  Verdict judge(const Attempt& attempt, const HttpReply& reply, Timestamp) override {
    Verdict verdict{.kind = Verdict::Kind::PerItem, .message = "see each"};
    for (std::size_t i = 0; i < attempt.ids.size(); ++i) {
      const char letter = i < reply.body.size() ? reply.body[i] : 'd';
      using Kind = ItemVerdict::Kind;
      verdict.items.push_back({letter == 'd'   ? Kind::Delivered
                               : letter == 'r' ? Kind::Retry
                               : letter == 'n' ? Kind::Unknown
                                               : Kind::Drop,
                               letter == 'u' ? DropReason::Unauthorized : DropReason::Rejected});
    }
    return verdict;
  }
};

TEST_F(Judging, FollowsTheVerdictOfEachItem) {
  Target target(make_transport(), line_destination<PerItemEncoder>("t", "http://127.0.0.1/"));
  int calls = 0;
  http->respond([&calls](const FakeHttpClient::Request&) {
    return std::optional(reply_with(207, calls++ == 0 ? "drbudr" : "dd"));
  });

  target.submit_many(6);
  EXPECT_FALSE(target.flush(milliseconds(0)));
  ASSERT_TRUE(http->wait_idle());
  clock->advance(seconds(1));  // the two go after the backoff
  EXPECT_FALSE(target.flush(seconds(10)));

  const auto requests = http->requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[1].body, "item-1\nitem-5\n");
  EXPECT_EQ(target.stats().delivered, 4U);
  EXPECT_EQ(target.stats().dropped_by(DropReason::Rejected), 1U);
  EXPECT_EQ(target.stats().dropped_by(DropReason::Unauthorized), 1U);
  ASSERT_EQ(errors().size(), 2U) << "one report for each reason";
  expect_settled(target.stats());
}

TEST_F(Judging, AsksSomeTimesAboutWhatNoReplySpeaksOf) {
  Target target(make_transport(), line_destination<PerItemEncoder>("t", "http://127.0.0.1/"));
  http->respond([](const FakeHttpClient::Request& request) {
    std::string verdicts;
    for (const std::string& line : lines_of(request.body)) verdicts += line == "item-1" ? 'n' : 'd';
    return std::optional(reply_with(207, verdicts));
  });

  target.submit_many(3);
  target.flush(milliseconds(0));
  for (int i = 0; i < 100 && target.stats().in_memory != 0; ++i) {
    ASSERT_TRUE(http->wait_idle());
    clock->advance(seconds(61));
  }

  const auto requests = http->requests();
  ASSERT_EQ(requests.size(), 5U);
  EXPECT_EQ(requests.back().body, "item-1\n");
  EXPECT_EQ(target.stats().delivered, 2U);
  EXPECT_EQ(target.stats().dropped_by(DropReason::Rejected), 1U);
  EXPECT_EQ(target.stats().ambiguous_resends, 4U);
  ASSERT_EQ(errors().size(), 1U);
  expect_settled(target.stats());
}

// An encoder that always wants another form must not send for ever.
TEST_F(Judging, GuardsAgainstEndlessResends) {
  struct Undecided final : LineEncoder {
    using LineEncoder::LineEncoder;
    std::uint32_t form() const noexcept override { return form_; }
    Verdict judge(const Attempt& attempt, const HttpReply& reply, Timestamp) override {
      form_ = 1 - attempt.form;
      return {.kind = Verdict::Kind::Resend, .message = describe(reply)};
    }
    std::uint32_t form_ = 0;
  };
  Target target(make_transport(), line_destination<Undecided>("t", "http://127.0.0.1/"));
  http->respond(reply_with(404));

  target.submit("x");
  EXPECT_FALSE(target.flush(seconds(10)));

  EXPECT_EQ(http->request_count(), 2U) << "each of its forms once";
  EXPECT_EQ(target.stats().dropped_by(DropReason::Rejected), 1U);
  EXPECT_EQ(errors().at(0).http_status, 404);
}

// A line that begins with "missing" is answered with 404, which means that it comes too early.
struct PatientEncoder final : LineEncoder {
  using LineEncoder::LineEncoder;
  Verdict judge(const Attempt& attempt, const HttpReply& reply, Timestamp now) override {
    if (reply.status != 404) return LineEncoder::judge(attempt, reply, now);
    return {.kind = Verdict::Kind::Later,
            .retry_after = std::chrono::seconds(30),
            .message = describe(reply)};
  }
};

TEST_F(Judging, WhatIsSentLaterDelaysNothingBehindIt) {
  Target target(make_transport(),
                line_destination<PatientEncoder>("t", "http://127.0.0.1/",
                                                 {.max_items = 1, .max_in_flight = 1}));
  http->respond(server([&](const auto& lines) { return contains(lines, "missing") ? 404 : 200; }));

  target.submit("missing");
  target.submit_many(5);
  ASSERT_TRUE(http->wait_for_requests(6));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(delivered.size(), 5U);
  EXPECT_EQ(target.stats().in_memory, 1U) << "kept, and counted";
  clock->advance(seconds(29));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(http->request_count(), 6U);
  http->respond(reply_with(200));
  clock->advance(seconds(1));
  ASSERT_TRUE(http->wait_for_requests(7));
  ASSERT_TRUE(http->wait_idle());

  EXPECT_EQ(target.stats().delivered, 6U);
  expect_settled(target.stats());
}

TEST_F(Judging, WhatIsSentLaterIsTriedOnceMoreByAFlushAndDroppedByAShutdown) {
  Target target(make_transport(), line_destination<PatientEncoder>("t", "http://127.0.0.1/"));
  http->respond(reply_with(404));

  target.submit("missing");
  EXPECT_FALSE(target.flush(milliseconds(0)));
  ASSERT_TRUE(http->wait_for_requests(1));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_FALSE(target.flush(milliseconds(0)));
  ASSERT_TRUE(http->wait_for_requests(2));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(http->request_count(), 2U);
  EXPECT_FALSE(target.close(milliseconds(0)));

  EXPECT_EQ(target.stats().dropped_by(DropReason::Shutdown), 1U);
  expect_settled(target.stats());
}

// Two lanes: observations with the scores beside them, and scores alone. What the first lane's
// server refuses or does not take goes to the second.
struct BothEncoder final : LineEncoder {
  using LineEncoder::LineEncoder;
  std::string score_alone(std::string_view fragment) const override {
    return "alone " + std::string(fragment);
  }
};
struct ScoresEncoder final : LineEncoder {
  using LineEncoder::LineEncoder;
  bool takes(ItemKind kind) const noexcept override { return kind == ItemKind::Score; }
};

TEST_F(Judging, AScoreRidesBesideObservationsAndElseGoesTheWayOfTheNextLane) {
  DestinationOptions options;
  options.name = "t";
  options.make_encoders = [] {
    std::vector<std::unique_ptr<Encoder>> encoders;
    encoders.push_back(std::make_unique<BothEncoder>("http://127.0.0.1/both", LaneLimits()));
    encoders.push_back(
        std::make_unique<ScoresEncoder>("http://127.0.0.1/scores", LaneLimits{.max_items = 1}));
    return encoders;
  };
  Target target(make_transport(), std::move(options));
  const auto submit_score = [&](const char* name) {
    Score score;
    score.name = name;
    submit_checked(std::move(score), target.set());
  };
  target.submit("a");
  submit_score("beside");
  EXPECT_TRUE(target.flush(seconds(10)));
  submit_score("left");
  submit_score("over");
  EXPECT_TRUE(target.flush(seconds(10)));

  std::multiset<std::string> sent;
  for (const auto& request : http->requests()) sent.insert(request.url + " " + request.body);
  EXPECT_EQ(sent, (std::multiset<std::string>{"http://127.0.0.1/both a\nscore beside\n",
                                              "http://127.0.0.1/scores alone score left\n",
                                              "http://127.0.0.1/scores alone score over\n"}));
  EXPECT_EQ(target.stats().delivered, 4U);
  expect_settled(target.stats());
}

TEST_F(Judging, CountsAThrowingErrorCallbackAndLogSink) {
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

TEST_F(Judging, AThrowingMaskFailsClosedAndIsCounted) {
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

TEST_F(Judging, AnHttpClientThatThrowsLosesNothing) {
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

TEST_F(Judging, AJudgeThatThrowsLosesNothing) {
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
}  // namespace llmtrace::testing
