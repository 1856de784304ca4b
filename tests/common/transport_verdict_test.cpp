// What replies do to batches: splits, drops, verdicts per item, resends.
#include <set>

#include "common/src/score.h"
#include "tests/support/transport_fixture.h"

namespace llmtrace::tests {
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

}  // namespace
}  // namespace llmtrace::tests
