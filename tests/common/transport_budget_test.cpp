// The budget: by items, by bytes, per destination, and what a producer meets when it is used up.
#include <atomic>
#include <future>
#include <thread>

#include "common/src/score.h"
#include "tests/support/transport_fixture.h"

namespace llmtrace::tests {
namespace {

class Budget : public TransportTest {
 protected:
  std::shared_ptr<Transport> bounded(std::size_t max_bytes, std::size_t max_items,
                                     Overflow overflow = Overflow::drop_newest()) {
    TransportOptions bounded_options = options();
    bounded_options.max_bytes = max_bytes;
    bounded_options.max_items = max_items;
    bounded_options.overflow = overflow;
    return Transport::create(bounded_options);
  }
};

TEST_F(Budget, RefusesBoundsOfZero) {
  EXPECT_THROW(bounded(0, 10), std::invalid_argument);
  EXPECT_THROW(bounded(10, 0), std::invalid_argument);
}

TEST_F(Budget, HoldsItemsUpToTheBoundAndDropsTheNewest) {
  Target target(bounded(1U << 20, 100), line_destination("t", "http://127.0.0.1/"));
  http->hold();

  target.submit_many(250);
  EXPECT_FALSE(target.flush(milliseconds(0)));
  const DestinationStats full = target.stats();
  http->respond(reply_with(200));
  for (std::size_t i = 0; i < http->request_count(); ++i) http->answer(i, reply_with(200));
  EXPECT_FALSE(target.flush(seconds(10)));  // some were dropped since the last one that settled

  EXPECT_EQ(full.dropped_total(), 150U);
  EXPECT_EQ(full.in_memory, 100U);
  EXPECT_EQ(target.stats().delivered, 100U);
  expect_settled(target.stats());
}

TEST_F(Budget, HoldsBytesUpToTheBound) {
  constexpr std::size_t kBytes = 1U << 20;
  Target target(bounded(kBytes, 100'000), line_destination("t", "http://127.0.0.1/"));
  http->hold();
  const std::string text(10'000, 'x');

  for (int i = 0; i < 300; ++i) target.submit(text);
  ASSERT_TRUE(http->wait_idle());

  const DestinationStats stats = target.stats();
  EXPECT_GT(stats.in_memory, 80U);
  EXPECT_LE(stats.in_memory, kBytes / text.size() + 1);
  EXPECT_EQ(stats.dropped_total() + stats.in_memory, 300U);
}

TEST_F(Budget, ReportsWhatTheTransportRefused) {
  Target target(bounded(1U << 20, 10), line_destination("t", "http://127.0.0.1/"));
  http->hold();

  target.submit_many(50);
  EXPECT_FALSE(target.flush(milliseconds(0)));
  ASSERT_TRUE(http->wait_idle());

  std::uint64_t reported = 0;
  for (const DeliveryError& error : errors()) {
    EXPECT_EQ(error.destination, "t");
    EXPECT_TRUE(error.reason == DropReason::QueueFull ||
                error.reason == DropReason::DestinationFull);
    reported += error.count;
  }
  EXPECT_EQ(reported, target.stats().dropped_total());
  EXPECT_GT(reported, 0U);
  EXPECT_TRUE(log->contains("TransportOptions::max_bytes")) << log->text();
}

TEST_F(Budget, ReportsWhatWasRefusedWhereItWasGiven) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  submit_score({.name = "no target", .value = 1}, target.set(), "");
  ASSERT_TRUE(http->wait_idle());

  ASSERT_EQ(errors().size(), 1U) << "at once, without a flush";
  EXPECT_EQ(errors()[0].reason, DropReason::Rejected);
  EXPECT_EQ(errors()[0].count, 1U);
  EXPECT_TRUE(log->contains("needs exactly one target"));
}

TEST_F(Budget, SaysThatAClientWasShutDown) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  const Ref<Cell> open = start_cell({.name = "x"}, {.destinations = &target.set()});
  target.close(seconds(1));
  end_cell(*open, {});

  EXPECT_EQ(target.stats().dropped_by(DropReason::ClientClosed), 1U);
  EXPECT_TRUE(log->contains("its client has been shut down"));
}

TEST_F(Budget, TakesOneItemHoweverLarge) {
  Target target(bounded(1000, 10), line_destination("t", "http://127.0.0.1/"));

  target.submit("big", std::string(100'000, 'x'));

  EXPECT_TRUE(target.flush(seconds(10)));
  EXPECT_EQ(target.stats().delivered, 1U);
}

TEST_F(Budget, GivesTheBudgetBackExactly) {
  Target target(bounded(1U << 20, 64), line_destination("t", "http://127.0.0.1/"));

  for (int round = 0; round < 50; ++round) {  // a leak of one item a round would show
    target.submit_many(64);
    EXPECT_TRUE(target.flush(seconds(10))) << round;
  }

  EXPECT_EQ(target.stats().delivered, 50U * 64);
}

TEST_F(Budget, BlockedProducersWaitForRoomAndLoseNothing) {
  Target target(bounded(1U << 20, 50, Overflow::block(seconds(60))),
                line_destination("t", "http://127.0.0.1/", {.max_items = 10}));

  std::vector<std::thread> producers;
  for (int i = 0; i < 4; ++i) producers.emplace_back([&] { target.submit_many(500); });
  for (std::thread& producer : producers) producer.join();

  EXPECT_TRUE(target.flush(seconds(10)));
  EXPECT_EQ(target.stats().delivered, 2000U);
}

TEST_F(Budget, ABlockedProducerGivesUpAtItsTimeout) {
  Target target(bounded(1U << 20, 10, Overflow::block(seconds(5))),
                line_destination("t", "http://127.0.0.1/", {.max_items = 10}));
  http->hold();
  target.submit_many(10);
  ASSERT_TRUE(http->wait_for_requests(1));
  ASSERT_TRUE(http->wait_idle());

  auto producer = std::async(std::launch::async, [&] { target.submit("one too many"); });
  // It waits in real time between two looks at the clock: one more such wait, and it is still
  // there.
  EXPECT_EQ(producer.wait_for(milliseconds(250)), std::future_status::timeout);
  clock->advance(seconds(5));
  producer.get();

  EXPECT_EQ(target.stats().dropped_by(DropReason::QueueFull), 1U);
}

TEST_F(Budget, AHungDestinationTakesItsShareAndDelaysNobody) {
  const auto transport = bounded(1U << 20, 1000);
  Target hung(transport, line_destination("hung", "http://hung.test/", {.max_items = 10}));
  Target healthy(transport, line_destination("healthy", "http://healthy.test/", {.max_items = 10}));
  http->hold("http://hung.test/");

  const Ref<const DestinationSet> both = Ref<const DestinationSet>::adopt(
      new DestinationSet({hung.destination(), healthy.destination()}));
  for (int i = 0; i < 5000; ++i) {
    submit_to(*both, "x");
    if (i % 100 == 0) {
      EXPECT_TRUE(healthy.flush(seconds(10))) << i;
    }
  }
  EXPECT_TRUE(healthy.flush(seconds(10)));

  EXPECT_EQ(healthy.stats().delivered, 5000U);
  EXPECT_EQ(healthy.stats().dropped_total(), 0U);
  EXPECT_LE(hung.stats().in_memory, 500U);
  EXPECT_EQ(hung.stats().dropped_by(DropReason::DestinationFull) + hung.stats().in_memory, 5000U);
}

TEST_F(Budget, DrainsWhatWasSetAsideWhenThereIsRoomAgain) {
  Target target(bounded(1U << 20, 500),
                line_destination("t", "http://127.0.0.1/", {.max_items = 10, .max_in_flight = 1}));
  http->hold();
  target.submit_many(500);
  ASSERT_TRUE(http->wait_for_requests(1));

  http->respond(reply_with(200));
  http->answer(0, reply_with(200));

  EXPECT_TRUE(target.flush(seconds(10)));
  EXPECT_EQ(target.stats().delivered, 500U);
}

}  // namespace
}  // namespace llmtrace::tests
