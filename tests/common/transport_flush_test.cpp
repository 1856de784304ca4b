// flush, shutdown and the life of the thread.
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "tests/support/run_length.h"
#include "tests/support/transport_fixture.h"

namespace llmtrace::tests {
namespace {

// The transports' threads of this process, by their name.
std::size_t flusher_count() {
  std::size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "comm");
    std::string name;
    count += std::getline(file, name) && name == "llmtrace" ? 1 : 0;
  }
  return count;
}

// The kernel forgets a thread a moment after it was joined.
bool flusher_count_becomes(std::size_t expected) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (flusher_count() != expected && std::chrono::steady_clock::now() < limit) {
    std::this_thread::yield();
  }
  return flusher_count() == expected;
}

class Flush : public TransportTest {};

TEST_F(Flush, IsTrueWhenNothingWasSubmitted) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));

  EXPECT_TRUE(target.flush(seconds(10)));
  EXPECT_EQ(http->request_count(), 0U);
}

TEST_F(Flush, SkipsTheLinger) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  target.submit("x");

  EXPECT_TRUE(target.flush(seconds(10)));
  EXPECT_EQ(target.stats().delivered, 1U);
}

TEST_F(Flush, TellsOfADropOnce) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  http->respond(reply_with(401));
  target.submit("x");
  const bool first = target.flush(seconds(10));
  http->respond(reply_with(200));
  target.submit("y");

  EXPECT_FALSE(first);
  EXPECT_TRUE(target.flush(seconds(10)));
}

TEST_F(Flush, TellsOfADropBetweenTwoFlushes) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));
  EXPECT_TRUE(target.flush(seconds(10)));
  http->respond(reply_with(401));
  target.submit("x");
  ASSERT_TRUE(http->wait_for_requests(1));
  ASSERT_TRUE(http->wait_idle());  // settled before the flush is asked for

  EXPECT_FALSE(target.flush(seconds(10)));
  EXPECT_TRUE(target.flush(seconds(10)));
}

TEST_F(Flush, IsFalseOnTheFlusherThread) {
  std::atomic<int> result{-1};
  Target* flushed = nullptr;
  TransportOptions transport_options = options();
  transport_options.on_error = [&](const DeliveryError&) {
    result = flushed->flush(std::chrono::hours(1)) ? 1 : 0;
  };
  Target target(Transport::create(transport_options), line_destination("t", "http://127.0.0.1/"));
  flushed = &target;
  http->respond(reply_with(401));
  target.submit("x");

  EXPECT_FALSE(target.flush(seconds(10)));
  EXPECT_EQ(result, 0);
}

TEST_F(Flush, ReturnsAtItsDeadlineOnTheClock) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));
  http->hold();
  target.submit("x");
  ASSERT_TRUE(http->wait_for_requests(1));
  ASSERT_TRUE(http->wait_idle());

  auto flushed =
      std::async(std::launch::async, [&] { return target.flush(std::chrono::hours(1)); });
  while (flushed.wait_for(milliseconds(0)) != std::future_status::ready) {
    ASSERT_TRUE(http->wait_idle());
    http->advance_to_next_deadline(std::chrono::hours(1));
  }

  EXPECT_FALSE(flushed.get());
  expect_conserved(target.stats());
  EXPECT_EQ(target.stats().in_memory, 1U);
}

// R6: to the millisecond, for it is the transport's clock that ends a flush and a shutdown.
TEST_F(Flush, AndShutdownEndAtTheirDeadlineWhileATransferHangs) {
  http->hold();
  for (int run = 0; run < run_length(100, 1000); ++run) {
    const auto timeout = milliseconds(1 + 37 * run % 5000);
    Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));
    const std::size_t before = http->request_count();
    target.submit("x");
    ASSERT_TRUE(http->wait_for_requests(before + 1));
    ASSERT_TRUE(http->wait_idle());

    for (const bool shutdown : {false, true}) {
      const auto start = clock->steady_now();
      // Real time must not end it first.
      const std::size_t wakeups = http->wakeup_count();
      auto ended = std::async(std::launch::async, [&] {
        return shutdown ? target.close(timeout + seconds(60)) : target.flush(timeout + seconds(60));
      });
      ASSERT_TRUE(http->wait_for_wakeup_after(wakeups));
      ASSERT_TRUE(http->wait_idle());
      clock->advance(timeout + seconds(60) - milliseconds(1));
      ASSERT_TRUE(http->wait_idle());
      EXPECT_EQ(ended.wait_for(milliseconds(0)), std::future_status::timeout) << timeout.count();
      clock->advance(milliseconds(1));
      EXPECT_FALSE(ended.get());
      EXPECT_EQ(clock->steady_now() - start, timeout + seconds(60));
    }
    expect_settled(target.stats());
  }
}

TEST_F(Flush, TakesAnyTimeout) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));

  for (const auto timeout : {milliseconds::max(), milliseconds::min(), milliseconds(-1)}) {
    target.submit("x");
    const bool settled = target.flush(timeout);
    if (timeout > milliseconds(0)) {
      EXPECT_TRUE(settled);
    }
  }
  EXPECT_TRUE(target.flush(milliseconds::max()));
  EXPECT_EQ(target.stats().delivered, 3U);
}

TEST_F(Flush, DoesNotWaitForWhatComesLater) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));
  http->hold();
  target.submit("before");
  ASSERT_TRUE(http->wait_for_requests(1));
  ASSERT_TRUE(http->wait_idle());
  const std::size_t wakeups = http->wakeup_count();
  auto flushed = std::async(std::launch::async, [&] { return target.flush(seconds(60)); });
  ASSERT_TRUE(http->wait_for_wakeup_after(wakeups));  // the flush is handed over
  ASSERT_TRUE(http->wait_idle());                     // and taken
  target.submit("after");
  ASSERT_TRUE(http->wait_for_requests(2));
  http->answer(0, reply_with(200));

  EXPECT_TRUE(flushed.get());
  EXPECT_EQ(target.stats().in_memory, 1U);
}

TEST_F(Flush, ManyAtOnceAllReturn) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 1}));
  http->hold();
  std::vector<std::future<bool>> flushes;
  for (std::size_t i = 0; i < 12; ++i) {  // three times as many as there are slots
    target.submit("x");
    flushes.push_back(std::async(std::launch::async, [&] { return target.flush(seconds(60)); }));
    if (i < 4) {
      ASSERT_TRUE(http->wait_for_requests(i + 1));
    }
  }
  http->respond(reply_with(200));
  for (std::size_t i = 0; i < 4; ++i) http->answer(i, reply_with(200));

  for (auto& flush : flushes) EXPECT_TRUE(flush.get());
  EXPECT_EQ(target.stats().delivered, 12U);
}

// More flushes than slots while another destination has items in every slot.
TEST_F(Flush, IsNotDelayedByAnotherDestinationsOldItems) {
  const auto transport = make_transport();
  Target hung(transport, line_destination("hung", "http://hung.test/", {.max_items = 1}));
  Target healthy(transport, line_destination("healthy", "http://healthy.test/"));
  http->hold("http://hung.test/");

  for (int i = 0; i < 20; ++i) {
    hung.submit("stuck");
    healthy.submit("x");
    EXPECT_TRUE(healthy.flush(seconds(5))) << i;
    EXPECT_FALSE(hung.flush(milliseconds(0))) << i;
  }
  EXPECT_EQ(healthy.stats().delivered, 20U);
  EXPECT_EQ(hung.stats().in_memory, 20U);
}

TEST_F(Flush, OfAClosedDestinationChangesNothing) {
  TransportOptions small = options();
  small.max_items = 100;
  const auto transport = Transport::create(small);
  Target closed(transport, line_destination("closed", "http://127.0.0.1/"));
  Target open(transport, line_destination("open", "http://127.0.0.1/"));
  closed.submit("x");
  EXPECT_TRUE(closed.close(seconds(10)));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(closed.flush(seconds(10)));

  http->hold();
  open.submit_many(100);  // all of the budget is its own
  EXPECT_FALSE(open.flush(milliseconds(0)));

  EXPECT_EQ(open.stats().in_memory, 100U);
  EXPECT_EQ(open.stats().dropped_total(), 0U);
}

TEST_F(Flush, OfANewDestinationIgnoresWhatOthersDropped) {
  const auto transport = make_transport();
  Target keep(transport, line_destination("keep", "http://127.0.0.1/"));
  http->respond(reply_with(401));
  for (int i = 0; i < 50; ++i) {  // a new one may well live where an old one did
    Target target(transport, line_destination("t", "http://127.0.0.1/"));
    EXPECT_TRUE(target.flush(seconds(10))) << i;
    target.submit("x");
    EXPECT_FALSE(target.flush(seconds(10)));
  }
}

class Shutdown : public TransportTest {};

TEST_F(Shutdown, DrainsWhatIsThere) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  target.submit_many(10);

  EXPECT_TRUE(target.close(seconds(10)));
  EXPECT_EQ(target.stats().delivered, 10U);
  EXPECT_TRUE(target.close(seconds(10))) << "closing twice is harmless";
}

TEST_F(Shutdown, DropsTheRestAtItsDeadlineAndCountsIt) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/", {.max_items = 10}));
  http->hold();
  target.submit_many(95);

  EXPECT_FALSE(target.close(milliseconds(0)));

  EXPECT_EQ(target.stats().dropped_by(DropReason::Shutdown), 95U);
  expect_settled(target.stats());
  for (const auto& request : http->requests()) EXPECT_TRUE(request.cancelled);
}

TEST_F(Shutdown, RefusesWhatComesAfter) {
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  target.close(seconds(10));

  target.submit_many(3);

  EXPECT_EQ(target.stats().dropped_by(DropReason::ClientClosed), 3U);
  expect_settled(target.stats());
}

TEST_F(Shutdown, SettlesWhatIsQueuedForOthersToo) {
  const auto transport = make_transport();
  Target first(transport, line_destination("first", "http://first.test/"));
  Target second(transport, line_destination("second", "http://second.test/"));
  http->hold("http://first.test/");
  const Ref<const DestinationSet> both = Ref<const DestinationSet>::adopt(
      new DestinationSet({first.destination(), second.destination()}));
  for (int i = 0; i < 10; ++i) {
    submit_to(*both, "x");
  }

  EXPECT_FALSE(first.close(milliseconds(0)));
  EXPECT_TRUE(second.flush(seconds(10)));

  EXPECT_EQ(first.stats().dropped_by(DropReason::Shutdown), 10U);
  EXPECT_EQ(second.stats().delivered, 10U);
  expect_settled(first.stats());
  expect_settled(second.stats());
}

TEST_F(Shutdown, OfOneWhileAnotherStillDrains) {
  const auto transport = make_transport();
  Target slow(transport, line_destination("slow", "http://slow.test/", {.max_items = 1}));
  Target quick(transport, line_destination("quick", "http://quick.test/"));
  http->hold("http://slow.test/");
  slow.submit("x");
  ASSERT_TRUE(http->wait_for_requests(1));

  auto closing = std::async(std::launch::async, [&] { return slow.close(seconds(60)); });
  while (!slow.destination()->is_closed()) std::this_thread::yield();
  quick.submit("y");
  EXPECT_TRUE(quick.close(seconds(10)));
  http->answer(0, reply_with(200));

  EXPECT_TRUE(closing.get()) << "the thread must outlive a drain that is under way";
  EXPECT_EQ(slow.stats().delivered, 1U);
  expect_settled(slow.stats());
}

TEST_F(Shutdown, NoThreadLivesWithoutAClient) {
  const auto transport = make_transport();
  EXPECT_TRUE(flusher_count_becomes(0));
  for (int round = 0; round < 3; ++round) {
    Target first(transport, line_destination("a", "http://127.0.0.1/"));
    Target second(transport, line_destination("b", "http://127.0.0.1/"));
    EXPECT_EQ(flusher_count(), 1U);
    first.submit("x");
    first.close(seconds(10));
    EXPECT_EQ(flusher_count(), 1U);
    second.close(seconds(10));
    EXPECT_TRUE(flusher_count_becomes(0));
    EXPECT_EQ(first.stats().delivered, 1U);
  }
}

TEST_F(Shutdown, OfADestinationWhileProducersSubmit) {
  for (int round = 0; round < 20; ++round) {
    const auto transport = make_transport();
    Target keep(transport, line_destination("keep", "http://127.0.0.1/"));
    auto target = std::make_unique<Target>(transport, line_destination("t", "http://127.0.0.1/"));
    const Ref<Destination> destination = target->destination();
    const Ref<const DestinationSet> set = Ref<const DestinationSet>::share(&target->set());
    std::atomic<bool> stop{false};
    std::vector<std::thread> producers;
    for (int i = 0; i < 4; ++i) {
      producers.emplace_back([&] {
        while (!stop) {
          submit_to(*set, "x");
        }
      });
    }
    while (destination->stats().submitted < 1000) std::this_thread::yield();
    target.reset();
    const std::uint64_t at_close = destination->stats().submitted;
    while (destination->stats().submitted < at_close + 1000) std::this_thread::yield();
    stop = true;
    for (std::thread& producer : producers) producer.join();
    EXPECT_TRUE(keep.flush(seconds(10)));

    const DestinationStats stats = destination->stats();
    expect_settled(stats);
    EXPECT_GE(stats.dropped_by(DropReason::ClientClosed), 900U);
  }
}

// What was left in the queue by those who raced with the close is settled even without room.
TEST_F(Shutdown, SettlesRacersThatFoundNoRoom) {
  TransportOptions small = options();
  small.max_items = 64;
  const auto transport = Transport::create(small);
  Target keep(transport, line_destination("keep", "http://127.0.0.1/", {.max_items = 4}));
  http->hold();
  for (int round = 0; round < 10; ++round) {
    auto target = std::make_unique<Target>(
        transport, line_destination("t", "http://127.0.0.1/", {.max_items = 4}));
    const Ref<Destination> destination = target->destination();
    const Ref<const DestinationSet> both =
        Ref<const DestinationSet>::adopt(new DestinationSet({destination, keep.destination()}));
    std::atomic<bool> stop{false};
    std::thread producer([&] {
      while (!stop) {
        submit_to(*both, "x");
      }
    });
    while (destination->stats().submitted < 100) std::this_thread::yield();
    target.reset();
    stop = true;
    producer.join();
    keep.flush(milliseconds(0));
    ASSERT_TRUE(http->wait_idle());
    expect_conserved(destination->stats());
    // What was queued in the last moment waits for room with `keep`'s items.
    EXPECT_LE(destination->stats().in_memory, 64U);
    http->respond(reply_with(200));
    const std::size_t requests = http->request_count();
    for (std::size_t i = 0; i < requests; ++i) {
      if (!http->requests()[i].cancelled) http->answer(i, reply_with(200));
    }
    keep.flush(seconds(10));
    expect_settled(destination->stats());
    http->hold();
  }
}

// submitted >= delivered + dropped at every moment, seen from outside.
TEST_F(Shutdown, CountersAddUpAtEveryMoment) {
  TransportOptions small = options();
  small.max_items = 200;
  Target target(Transport::create(small),
                line_destination("t", "http://127.0.0.1/", {.max_items = 16}));
  std::atomic<int> count{0};
  http->respond([&count](const FakeHttpClient::Request&) {
    const int n = count++;
    return std::optional(reply_with(n % 7 == 0 ? 400 : n % 11 == 0 ? 401 : 200));
  });
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> violations{0};
  std::thread sampler([&] {
    while (!stop) {
      const DestinationStats stats = target.stats();
      if (stats.submitted < stats.delivered + stats.dropped_total()) ++violations;
    }
  });
  std::vector<std::thread> producers;
  for (int i = 0; i < 4; ++i) producers.emplace_back([&] { target.submit_many(20'000); });
  for (std::thread& producer : producers) producer.join();
  target.flush(seconds(10));
  stop = true;
  sampler.join();

  EXPECT_EQ(violations, 0U);
  EXPECT_EQ(target.stats().submitted, 80'000U);
  expect_settled(target.stats());
}

}  // namespace
}  // namespace llmtrace::tests
