// Backoff, Retry-After, probes, and what happens to the time in between.
#include <array>
#include <ctime>
#include <random>

#include "tests/support/transport_fixture.h"

namespace llmtrace::tests {
namespace {

using std::chrono::hours;
using std::chrono::nanoseconds;
using std::chrono::seconds;

class Retry : public TransportTest {
 protected:
  // Advances from deadline to deadline until there is one more request, and returns how long it
  // took.
  nanoseconds time_to_next_request(nanoseconds most) {
    const std::size_t before = http->request_count();
    const auto start = clock->steady_now();
    while (http->wait_idle() && http->request_count() == before) {
      if (clock->steady_now() - start > most || !http->advance_to_next_deadline(most)) break;
    }
    EXPECT_GT(http->request_count(), before);
    return clock->steady_now() - start;
  }
};

TEST_F(Retry, KeepsTheSameBytes) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 2}));
  http->respond(reply_with(503));

  target.submit_many(2);
  ASSERT_TRUE(http->wait_for_requests(1));
  ASSERT_TRUE(http->wait_idle());
  target.submit_many(2, "later-");
  http->respond(reply_with(200));
  time_to_next_request(seconds(2));
  EXPECT_TRUE(target.flush(seconds(10)));

  const auto requests = http->requests();
  EXPECT_EQ(requests.at(0).body, "item-0\nitem-1\n");
  EXPECT_EQ(requests.at(1).body, requests.at(0).body);
  EXPECT_EQ(target.stats().delivered, 4U);
  EXPECT_EQ(target.stats().retries, 1U);
}

TEST_F(Retry, SendsOneProbeAtATimeAfterAFailure) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));
  http->respond(reply_with(503));

  target.submit_many(1);
  ASSERT_TRUE(http->wait_for_requests(1));
  http->hold();
  target.submit_many(20);
  time_to_next_request(seconds(2));
  ASSERT_TRUE(http->wait_idle());
  const std::size_t probes = http->held_count();
  http->respond(reply_with(200));
  http->answer(1, reply_with(200));

  EXPECT_EQ(probes, 1U);
  EXPECT_TRUE(target.flush(seconds(10)));
  EXPECT_EQ(target.stats().delivered, 21U);
}

TEST_F(Retry, JittersFullyWithinADoublingBound) {
  // Several runs: each delay lies within its bound, and they are not all the same.
  constexpr std::size_t kAttempts = 9;
  std::vector<nanoseconds> first_delays;
  for (int run = 0; run < 20; ++run) {
    clock = std::make_shared<FakeClock>();
    http = std::make_shared<FakeHttpClient>(clock);
    http->respond(reply_with(503));
    Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));
    target.submit("x");
    while (http->wait_idle() && http->request_count() < kAttempts) {
      ASSERT_TRUE(http->advance_to_next_deadline(seconds(61)));
    }
    const auto requests = http->requests();
    nanoseconds bound = seconds(1);
    for (std::size_t attempt = 1; attempt < kAttempts; ++attempt) {
      EXPECT_LE(requests[attempt].at - requests[attempt - 1].at, bound) << attempt;
      bound = std::min<nanoseconds>(bound * 2, seconds(60));
    }
    first_delays.push_back(requests[1].at - requests[0].at);
  }
  const auto [least, most] = std::minmax_element(first_delays.begin(), first_delays.end());
  EXPECT_GT(*most - *least, milliseconds(100));  // 20 draws closer than this: once in 10^17 runs
}

TEST_F(Retry, CountsOneOutageOnceHoweverManyRequestsItMet) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));
  http->hold();
  target.submit_many(4);
  ASSERT_TRUE(http->wait_for_requests(4));
  ASSERT_TRUE(http->wait_idle());

  const auto start = clock->steady_now();
  for (std::size_t i = 0; i < 4; ++i) http->answer(i, reply_with(503));
  while (http->wait_idle() && http->request_count() == 4) {
    ASSERT_TRUE(http->advance_to_next_deadline(seconds(61)));
  }

  EXPECT_LE(http->requests()[4].at - start, seconds(1));
}

struct RetryAfterCase {
  const char* value;
  std::chrono::seconds expected;
};

TEST_F(Retry, HonoursRetryAfterWhateverItsForm) {
  const RetryAfterCase cases[] = {
      {"1", seconds(1)},
      {"7", seconds(7)},
      {"3600", hours(1)},
      {"3601", hours(1)},                  // the clamp
      {"99999999999999999999", hours(1)},  // more than 64 bits
      {"soon", seconds(60)},               // unreadable
      {"-5", seconds(60)},
      {"1.5", seconds(60)},
      {"Mon, 16 Nov 2026 08:00:30 GMT", seconds(30)},
      {"Tue, 17 Nov 2026 08:00:00 GMT", hours(1)},
  };
  for (const RetryAfterCase& row : cases) {
    clock = std::make_shared<FakeClock>();
    http = std::make_shared<FakeHttpClient>(clock);
    http->respond(reply_with(429, "", {{"Retry-After", row.value}}));
    Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));

    target.submit("x");
    ASSERT_TRUE(http->wait_for_requests(1));
    http->respond(reply_with(200));
    ASSERT_TRUE(http->wait_idle());
    clock->advance(row.expected - milliseconds(1));
    ASSERT_TRUE(http->wait_idle());
    EXPECT_EQ(http->request_count(), 1U) << row.value;
    clock->advance(seconds(1) + milliseconds(1));  // our own backoff may be the longer one
    ASSERT_TRUE(http->wait_for_requests(2)) << row.value;
  }
}

struct DrawnRetryAfter {
  std::string value;
  seconds expected;
};

// Seconds, dates, numbers beyond every bound, and what is neither.
DrawnRetryAfter draw_retry_after(std::mt19937_64& random, Timestamp now) {
  const auto delay = seconds(1 + static_cast<int>(random() % 5000));
  const seconds clamped = std::min<seconds>(delay, hours(1));
  switch (random() % 4) {
    case 0:
      return {std::to_string(delay.count()), clamped};
    case 1: {
      const std::time_t date = std::chrono::system_clock::to_time_t(now + delay);
      std::tm utc{};
      ::gmtime_r(&date, &utc);
      std::array<char, 64> text{};
      const std::size_t size =
          std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
      return {std::string(text.data(), size), clamped};
    }
    case 2:
      return {"9" + std::string(4 + random() % 40, '0'), hours(1)};
    default: {
      std::string garbage = "~";
      for (std::size_t i = random() % 30; i > 0; --i) {
        garbage.push_back(static_cast<char>('!' + random() % 94));
      }
      return {garbage, seconds(60)};
    }
  }
}

// R5: nothing before Retry-After is over, explicit flushes included.
TEST_F(Retry, SendsNothingBeforeRetryAfterInAThousandRandomCases) {
  std::mt19937_64 random(20261116);
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));
  std::size_t early = 0;
  for (int round = 0; round < 1000; ++round) {
    const auto [value, expected] = draw_retry_after(random, clock->now());
    const int status = random() % 2 == 0 ? 429 : 503;
    http->respond(reply_with(status, "", {{"retry-after", value}}));
    const std::size_t before = http->request_count();
    target.submit("x");
    ASSERT_TRUE(http->wait_for_requests(before + 1));
    ASSERT_TRUE(http->wait_idle());
    http->respond(reply_with(200));

    const auto part =
        milliseconds(random() % static_cast<std::uint64_t>(milliseconds(expected).count()));
    clock->advance(part);
    EXPECT_FALSE(target.flush(milliseconds(0)));
    clock->advance(expected - part - milliseconds(1));
    EXPECT_FALSE(target.flush(milliseconds(0)));
    ASSERT_TRUE(http->wait_idle());
    early += http->request_count() - before - 1;

    clock->advance(milliseconds(1));
    EXPECT_TRUE(target.flush(seconds(10))) << value;
  }
  EXPECT_EQ(early, 0U);
  EXPECT_EQ(target.stats().delivered, 1000U);
  EXPECT_EQ(http->request_count(), 2000U);
}

TEST_F(Retry, FlushSkipsOurOwnBackoffOnce) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));
  http->respond(reply_with(503));
  target.submit("x");
  for (int i = 0; i < 8; ++i) time_to_next_request(seconds(61));  // the bound is a minute now
  ASSERT_TRUE(http->wait_idle());
  const std::size_t before = http->request_count();

  EXPECT_FALSE(target.flush(milliseconds(0)));
  ASSERT_TRUE(http->wait_idle());

  EXPECT_EQ(http->request_count(), before + 1);
}

TEST_F(Retry, DoesNotGiveUpOnConnectionsThatBreak) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));
  http->respond(no_reply(false));
  target.submit("x");
  for (int i = 0; i < 50; ++i) time_to_next_request(seconds(61));
  http->respond(reply_with(200));

  EXPECT_TRUE(target.flush(seconds(10)));
  EXPECT_EQ(target.stats().delivered, 1U);
  EXPECT_EQ(target.stats().ambiguous_resends, 0U);
}

TEST_F(Retry, CountsAResendThatMayBeADuplicate) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));
  http->respond(no_reply(true));
  target.submit("x");
  ASSERT_TRUE(http->wait_for_requests(1));
  ASSERT_TRUE(http->wait_idle());
  http->respond(reply_with(200));

  EXPECT_TRUE(target.flush(seconds(10)));
  EXPECT_EQ(target.stats().ambiguous_resends, 1U);
}

TEST_F(Retry, CountsAResendAfterAReplyThatWasCut) {
  struct Reading final : LineEncoder {
    using LineEncoder::LineEncoder;
    Verdict judge(const Attempt& attempt, const HttpReply& reply, Timestamp now) override {
      if (reply.body == "{}") return LineEncoder::judge(attempt, reply, now);
      return {.kind = Verdict::Kind::Retry, .message = "no verdicts"};
    }
  };
  for (const bool complete : {false, true}) {  // true: it cannot be read all the same
    Target target(make_transport(),
                  line_destination<Reading>("t", "http://127.0.0.1/", {.max_items = 1}));
    HttpReply cut = reply_with(207, "{");
    cut.complete = complete;
    http->respond(cut);
    target.submit("x");
    ASSERT_TRUE(http->wait_idle());
    http->respond(reply_with(207, "{}"));

    EXPECT_TRUE(target.flush(seconds(10)));
    EXPECT_EQ(target.stats().ambiguous_resends, 1U) << complete;
  }
}

TEST_F(Retry, CountsNoResendOfWhatWasRefused) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));
  http->respond(reply_with(503));
  target.submit("x");
  ASSERT_TRUE(http->wait_idle());
  http->respond(reply_with(200));

  EXPECT_TRUE(target.flush(seconds(10)));
  EXPECT_EQ(target.stats().retries, 1U);
  EXPECT_EQ(target.stats().ambiguous_resends, 0U);
}

// R4: three days of 503 take seconds here and 1 request per half minute there, at each of two
// destinations that fail together. What is dropped is what the bound does not hold, to the item.
TEST_F(Retry, Survives72HoursOf503) {
  constexpr std::size_t kHeld = 250;  // each: its share of the budget
  TransportOptions transport_options = options();
  transport_options.max_items = 2 * kHeld;
  const auto transport = Transport::create(transport_options);
  Target first(transport, line_destination("first", "http://first.test/", {.max_items = 50}));
  Target second(transport, line_destination("second", "http://second.test/", {.max_items = 50}));
  http->respond(reply_with(503));
  const auto started = std::chrono::steady_clock::now();
  const auto start = clock->steady_now();
  std::uint64_t submitted = 0;
  for (auto next = start; clock->steady_now() - start < hours(72);) {
    if (clock->steady_now() >= next) {  // an item a minute: more than the budget holds
      first.submit("x");
      second.submit("x");
      ++submitted;
      next += std::chrono::minutes(1);
    }
    ASSERT_TRUE(http->wait_idle());
    ASSERT_TRUE(http->advance_to_next_deadline(hours(2)));
  }
  ASSERT_TRUE(http->wait_idle());
  const auto took = std::chrono::steady_clock::now() - started;

  const double half_minutes = 72 * 3600 / 30.0;
  for (Target* target : {&first, &second}) {
    const DestinationStats stats = target->stats();
    std::printf("%s: %.3f requests per 30 s\n", stats.destination.c_str(),
                static_cast<double>(stats.requests) / half_minutes);
    // Full jitter up to a minute is half a minute on average; 3 % is five standard deviations.
    EXPECT_LE(static_cast<double>(stats.requests), half_minutes * 1.03);
    EXPECT_EQ(stats.submitted, submitted);
    EXPECT_EQ(stats.dropped_total(), stats.dropped_by(DropReason::QueueFull) +
                                         stats.dropped_by(DropReason::DestinationFull));
    EXPECT_EQ(stats.in_memory, kHeld);
    expect_conserved(stats);
  }
  EXPECT_LT(took, seconds(30));

  http->respond(reply_with(200));
  for (Target* target : {&first, &second}) {
    target->flush(seconds(10));
    expect_settled(target->stats());
    EXPECT_EQ(target->stats().delivered, kHeld);
  }
}

// R18: the wall clock may do what it likes.
TEST_F(Retry, IgnoresJumpsOfTheWallClock) {
  for (const auto jump : {hours(1), hours(-1), hours(24 * 3652), hours(-24 * 3652)}) {
    clock = std::make_shared<FakeClock>();
    http = std::make_shared<FakeHttpClient>(clock);
    Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));
    http->respond(reply_with(503, "", {{"Retry-After", "10"}}));
    const Ref<Cell> open = start_cell({.name = "open"}, {.destinations = &target.set()});
    target.submit("x");
    ASSERT_TRUE(http->wait_for_requests(1));
    ASSERT_TRUE(http->wait_idle());

    clock->jump_wall(jump);
    http->respond(reply_with(200));
    end_cell(*open, {});
    clock->advance(seconds(9));
    ASSERT_TRUE(http->wait_idle());
    const std::size_t early = http->request_count();
    clock->advance(seconds(1));

    EXPECT_TRUE(target.flush(seconds(10)));
    EXPECT_EQ(early, 1U);
    EXPECT_GE(open->record.end_time, open->record.start_time);
    EXPECT_EQ(target.stats().delivered, 2U);
  }
}

constexpr hours kTenYears(24 * 3652);

// Our own backoff, the linger and what a batch has waited go by the steady clock.
TEST_F(Retry, ExpiresNothingWhenTheWallClockJumps) {
  constexpr std::size_t kItems = 1000;
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 10}));
  http->respond(reply_with(503));
  target.submit_many(kItems);
  ASSERT_TRUE(http->wait_for_requests(1));

  for (const auto jump : {kTenYears, -2 * kTenYears, hours(1), hours(-2), kTenYears}) {
    ASSERT_TRUE(http->wait_idle());
    const std::size_t before = http->request_count();
    clock->jump_wall(jump);
    EXPECT_FALSE(target.flush(milliseconds(0)));  // wakes the flusher; skips the backoff once
    ASSERT_TRUE(http->wait_idle());
    EXPECT_EQ(http->request_count(), before + 1) << jump.count();
    EXPECT_LE(time_to_next_request(seconds(61)), seconds(60)) << jump.count();
  }
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(target.stats().in_memory, kItems);
  EXPECT_EQ(target.stats().dropped_total(), 0U);

  http->respond(reply_with(200));
  EXPECT_TRUE(target.flush(seconds(10)));
  EXPECT_EQ(target.stats().delivered, kItems);
}

TEST_F(Retry, MeasuresNothingNegativeWhenTheWallClockIsSetBack) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  for (const auto jump : {hours(-1), -kTenYears, hours(1), kTenYears}) {
    const Observation span(start_cell({.name = "open"}, {.destinations = &target.set()}).detach());

    clock->jump_wall(jump);
    span.first_token();
    clock->jump_wall(jump);
    span.end();

    const Record& record = span.cell()->record;
    EXPECT_GE(record.end_time, record.start_time) << jump.count();
    ASSERT_TRUE(record.completion_start_time);
    EXPECT_GE(*record.completion_start_time, record.start_time) << jump.count();
  }
}

}  // namespace
}  // namespace llmtrace::tests
