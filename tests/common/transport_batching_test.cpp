// When a batch is sealed and how many requests are under way.
#include "common/src/json_value.h"
#include "tests/support/transport_fixture.h"

namespace llmtrace::tests {
namespace {

class Batching : public TransportTest {};

TEST_F(Batching, SealsAFullBatchWithoutWaiting) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 10}));

  target.submit_many(10);

  ASSERT_TRUE(http->wait_for_requests(1));
  EXPECT_EQ(lines_of(http->requests()[0].body).size(), 10U);
  ASSERT_TRUE(http->wait_idle());
  expect_settled(target.stats());
  EXPECT_EQ(target.stats().delivered, 10U);
}

TEST_F(Batching, SendsNothingBeforeTheLinger) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));

  target.submit_many(3);
  ASSERT_TRUE(http->wait_idle());
  clock->advance(milliseconds(999));
  ASSERT_TRUE(http->wait_idle());
  const std::size_t early = http->request_count();
  clock->advance(milliseconds(1));

  ASSERT_TRUE(http->wait_for_requests(1));
  EXPECT_EQ(early, 0U);
  EXPECT_EQ(lines_of(http->requests()[0].body).size(), 3U);
}

TEST_F(Batching, CountsTheLingerFromTheFirstItem) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));

  target.submit("first");
  ASSERT_TRUE(http->wait_idle());
  clock->advance(milliseconds(900));
  target.submit("second");
  ASSERT_TRUE(http->wait_idle());
  clock->advance(milliseconds(100));

  ASSERT_TRUE(http->wait_for_requests(1));
  EXPECT_EQ(http->requests()[0].body, "first\nsecond\n");
}

// Memory is used again while it is warm: items do not wait in the queue for their batch.
TEST_F(Batching, EmptiesABusyQueueBeforeABatchIsFull) {
  const auto transport = make_transport();
  Target target(transport, line_destination("t", "http://127.0.0.1/"));

  target.submit_many(40);
  ASSERT_TRUE(http->wait_idle());
  clock->advance(milliseconds(4));
  ASSERT_TRUE(http->wait_idle());
  const auto early = transport->impl().load();
  clock->advance(milliseconds(1));
  ASSERT_TRUE(http->wait_idle());
  const auto late = transport->impl().load();
  const std::size_t sent_before = http->request_count();
  clock->advance(milliseconds(995));

  ASSERT_TRUE(http->wait_for_requests(1));
  EXPECT_EQ(early.queued_items, 40);
  EXPECT_EQ(late.queued_items, 0);
  EXPECT_EQ(late.held_items, 40);
  EXPECT_EQ(sent_before, 0U);
  EXPECT_EQ(lines_of(http->requests()[0].body).size(), 40U);
}

TEST_F(Batching, IsNotWokenForWhatItLooksForItself) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  target.submit_many(40);
  ASSERT_TRUE(http->wait_idle());
  clock->advance(milliseconds(5));  // the queue is empty again
  ASSERT_TRUE(http->wait_idle());

  const std::size_t wakeups = http->wakeup_count();
  target.submit_many(40);
  EXPECT_EQ(http->wakeup_count(), wakeups);
  clock->advance(milliseconds(995));

  ASSERT_TRUE(http->wait_for_requests(1));
  EXPECT_EQ(lines_of(http->requests()[0].body).size(), 80U);
}

TEST_F(Batching, SleepsUntilItIsWokenWhenLittleComes) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  target.submit_many(40);
  ASSERT_TRUE(http->wait_idle());
  clock->advance(milliseconds(5));
  ASSERT_TRUE(http->wait_idle());
  clock->advance(milliseconds(5));  // nothing came
  ASSERT_TRUE(http->wait_idle());
  const bool has_more_to_do_soon = http->advance_to_next_deadline(milliseconds(900));
  ASSERT_TRUE(http->wait_idle());

  const std::size_t wakeups = http->wakeup_count();
  target.submit("later");

  EXPECT_FALSE(has_more_to_do_soon);
  EXPECT_EQ(http->wakeup_count(), wakeups + 1);
  EXPECT_TRUE(target.flush(seconds(10)));
}

// What comes while it looks is not told: its linger counts from the last look.
TEST_F(Batching, SendsInTimeWhatComesWhileItLooks) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  target.submit("first");
  ASSERT_TRUE(http->wait_idle());
  clock->advance(seconds(1));
  ASSERT_TRUE(http->wait_for_requests(1));
  ASSERT_TRUE(http->wait_idle());

  target.submit("second");
  clock->advance(milliseconds(5));
  ASSERT_TRUE(http->wait_idle());
  clock->advance(milliseconds(994));
  ASSERT_TRUE(http->wait_idle());
  const std::size_t early = http->request_count();
  clock->advance(milliseconds(1));

  ASSERT_TRUE(http->wait_for_requests(2));
  EXPECT_EQ(early, 1U);
  EXPECT_EQ(http->requests()[1].body, "second\n");
}

TEST_F(Batching, KeepsALingerShorterThanALook) {
  Target target(make_transport(),
                line_destination("t", "http://127.0.0.1/", {.linger = milliseconds(2)}));
  target.submit("first");
  ASSERT_TRUE(http->wait_idle());
  clock->advance(milliseconds(2));
  ASSERT_TRUE(http->wait_for_requests(1));
  ASSERT_TRUE(http->wait_idle());

  target.submit("second");
  ASSERT_TRUE(http->wait_idle());
  clock->advance(milliseconds(2));

  ASSERT_TRUE(http->wait_for_requests(2));
  EXPECT_EQ(http->requests()[1].body, "second\n");
}

TEST_F(Batching, AClientThatComesLaterKeepsItsOwnShorterLinger) {
  const auto transport = make_transport();
  Target slow(transport,
              line_destination("slow", "http://127.0.0.1/slow", {.linger = seconds(60)}));
  slow.submit("early");
  ASSERT_TRUE(http->wait_idle());
  clock->advance(seconds(10));
  Target quick(transport,
               line_destination("quick", "http://127.0.0.1/quick", {.linger = seconds(1)}));
  quick.submit("late");
  ASSERT_TRUE(http->wait_idle());
  clock->advance(seconds(1));
  ASSERT_TRUE(http->wait_for_requests(1));
  ASSERT_TRUE(http->wait_idle());

  clock->advance(seconds(49));

  ASSERT_TRUE(http->wait_for_requests(2));
  EXPECT_EQ(http->requests()[0].body, "late\n");
  EXPECT_EQ(http->requests()[1].body, "early\n") << "a minute after it came";
}

TEST_F(Batching, SealsByBytes) {
  const std::string text(200, 'x');
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_bytes = 1000}));

  for (int i = 0; i < 20; ++i) target.submit(text);
  EXPECT_TRUE(target.flush(seconds(10)));

  std::size_t items = 0;
  for (const auto& request : http->requests()) {
    EXPECT_LE(request.body.size(), 1000U);
    items += lines_of(request.body).size();
  }
  EXPECT_EQ(items, 20U);
  EXPECT_EQ(http->request_count(), 5U);  // four lines of 201 bytes fit
}

TEST_F(Batching, SendsAnItemLargerThanABatchAlone) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_bytes = 1000}));

  target.submit("small");
  target.submit(std::string(5000, 'x'));
  target.submit("small too");
  EXPECT_TRUE(target.flush(seconds(10)));

  ASSERT_EQ(http->request_count(), 3U);
  EXPECT_EQ(http->requests()[1].body.size(), 5001U);
}

TEST_F(Batching, FillsBatchesWhileMoreIsComing) {
  Target target(make_transport(),
                line_destination("t", "http://127.0.0.1/", {.max_items = 100, .max_in_flight = 1}));
  http->hold();

  target.submit_many(100);
  ASSERT_TRUE(http->wait_for_requests(1));
  for (int round = 0; round < 5;
       ++round) {  // each round is old enough to go, but must wait its turn
    target.submit_many(50);
    clock->advance(seconds(2));
    ASSERT_TRUE(http->wait_idle());
  }
  http->respond(reply_with(200));
  http->answer(0, reply_with(200));
  EXPECT_TRUE(target.flush(seconds(10)));

  const auto requests = http->requests();
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_EQ(lines_of(requests[1].body).size(), 100U);
  EXPECT_EQ(lines_of(requests[2].body).size(), 100U);
  EXPECT_EQ(lines_of(requests[3].body).size(), 50U);
}

TEST_F(Batching, HasFourRequestsInFlightAtMost) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));
  http->hold();

  target.submit_many(10);
  ASSERT_TRUE(http->wait_for_requests(4));
  ASSERT_TRUE(http->wait_idle());
  const std::size_t in_flight = http->held_count();
  http->answer(2, reply_with(200));
  ASSERT_TRUE(http->wait_for_requests(5));
  ASSERT_TRUE(http->wait_idle());

  EXPECT_EQ(in_flight, 4U);
  EXPECT_EQ(http->held_count(), 4U);
  EXPECT_EQ(http->request_count(), 5U);
}

TEST_F(Batching, KeepsTheOrderOfOneThread) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 7}));

  target.submit_many(100);
  EXPECT_TRUE(target.flush(seconds(10)));

  std::string all;
  for (const auto& request : http->requests()) all += request.body;
  std::string expected;
  for (int i = 0; i < 100; ++i) expected += "item-" + std::to_string(i) + "\n";
  EXPECT_EQ(all, expected);
}

TEST_F(Batching, CutsAnItemOverItsLimitOnACodePointAndSaysSo) {
  Target target(make_transport(),
                line_destination("t", "http://127.0.0.1/", {.max_item_bytes = 2000}));
  std::string text;
  while (text.size() < 10'000) text += "\xE2\x82\xAC";  // three bytes each

  target.submit("big", text);
  target.submit("small", "fits");
  EXPECT_TRUE(target.flush(seconds(10)));

  ASSERT_EQ(http->request_count(), 2U);
  const std::string cut = http->requests()[0].body;
  EXPECT_LE(cut.size(), 2000U);
  const auto value = JsonValue::parse(cut.substr(4));
  ASSERT_TRUE(value) << cut;
  const std::string kept = (*value)["truncated"].as_string();
  EXPECT_GT(kept.size(), 1000U);
  EXPECT_EQ(kept.size() % 3, 0U);
  EXPECT_EQ((*value)["bytes"].as_integer(), static_cast<std::int64_t>(text.size()));
  EXPECT_EQ((*value)["sha256"].as_string(), to_hex(sha256(text)));
  EXPECT_EQ(http->requests()[1].body, "small \"fits\"\n");
  EXPECT_EQ(target.stats().truncated_items, 1U);
}

TEST_F(Batching, DropsAnItemThatCannotBeCutWithoutASingleRequest) {
  Target target(make_transport(),
                line_destination("t", "http://127.0.0.1/", {.max_item_bytes = 100}));

  target.submit(std::string(500, 'n'));  // a name is never cut
  EXPECT_FALSE(target.flush(seconds(10)));

  EXPECT_EQ(http->request_count(), 0U);
  EXPECT_EQ(target.stats().dropped_by(DropReason::TooLarge), 1U);
  ASSERT_EQ(errors().size(), 1U);
  EXPECT_EQ(errors()[0].reason, DropReason::TooLarge);
}

TEST_F(Batching, CountsAnEncoderThatThrows) {
  struct Throwing final : LineEncoder {
    using LineEncoder::encode;
    using LineEncoder::LineEncoder;
    void encode(const Record& record, std::string& out) override {
      out.append("half");
      if (record.name == "bad") throw std::runtime_error("no");
      out.append("-").append(record.name).append("\n");
    }
  };
  Target target(make_transport(), line_destination<Throwing>("t", "http://127.0.0.1/"));

  target.submit("a");
  target.submit("bad");
  target.submit("b");
  EXPECT_FALSE(target.flush(seconds(10)));

  EXPECT_EQ(http->requests().at(0).body, "half-a\nhalf-b\n");
  EXPECT_EQ(target.stats().dropped_by(DropReason::EncodeFailed), 1U);
  expect_settled(target.stats());
}

}  // namespace
}  // namespace llmtrace::tests
