// Who keeps what alive: clients, transports and the sets that threads remember.
#include <llmtrace/observe.h>

#include <future>
#include <thread>

#include "tests/support/transport_fixture.h"

namespace llmtrace::tests {
namespace {

class Lifetime : public TransportTest {};

void observed() { OBSERVE(); }

// A thread remembers the set of live destinations; refreshing it may end the last transport in
// there.
TEST_F(Lifetime, ATransportMayEndWithTheSetThatAThreadRemembered) {
  for (int i = 0; i < 3; ++i) {
    Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
    observed();
    EXPECT_TRUE(target.close(std::chrono::seconds(10)));
    EXPECT_EQ(target.stats().delivered, 1U);
  }
  observed();
}

TEST_F(Lifetime, AnObservationMayOutliveItsTransport) {
  Observation open;
  {
    auto target = std::make_unique<Target>(make_transport(), line_destination("t", "http://x/"));
    open = llmtrace::start_observation({.name = "open"});
    ASSERT_TRUE(open);
  }
  open.update({.output = "late"});
  open.end();
  EXPECT_EQ(http->request_count(), 0U);
}

TEST_F(Lifetime, ATransportServesClientsOneAfterTheOther) {
  const auto transport = make_transport();
  for (int i = 0; i < 20; ++i) {
    Target target(transport, line_destination("t", "http://127.0.0.1/"));
    target.submit("x");
    EXPECT_TRUE(target.close(std::chrono::seconds(10))) << i;
  }
  EXPECT_EQ(http->request_count(), 20U);
}

// The thread ended while it was looking by itself: the next one is woken, or finds what there is.
TEST_F(Lifetime, AClientMayComeAfterABusyOne) {
  const auto transport = make_transport();
  {
    Target busy(transport, line_destination("busy", "http://127.0.0.1/"));
    busy.submit_many(40);
    ASSERT_TRUE(http->wait_idle());
    clock->advance(std::chrono::milliseconds(5));
    ASSERT_TRUE(http->wait_idle());
    EXPECT_TRUE(busy.close(std::chrono::seconds(10)));
  }
  Target next(transport, line_destination("next", "http://127.0.0.1/next"));
  next.submit("x");
  ASSERT_TRUE(http->wait_idle());
  clock->advance(std::chrono::seconds(1));

  ASSERT_TRUE(http->wait_for_requests(2));
  EXPECT_EQ(http->requests()[1].body, "x\n");
}

// A flusher that is in the midst of a round has not heard of a client that came since.
class BriefClient : public Lifetime, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(BriefClient, DeliversWhatTheFlusherTookBeforeItKnewTheClient) {
  std::promise<void> in_mask;
  std::promise<void> may_go_on;
  DestinationOptions steady_options = line_destination(
      "steady", "http://steady.test/", {.max_items = GetParam(), .linger = milliseconds(0)});
  steady_options.mask = [&](JsonText text, Field) -> JsonText {
    in_mask.set_value();
    may_go_on.get_future().wait();
    return text;
  };
  const auto transport = make_transport();
  Target steady(transport, std::move(steady_options));
  steady.submit("waits", "in the mask");
  in_mask.get_future().wait();

  Target brief(transport, line_destination("brief", "http://brief.test/"));
  steady.submit("beside");
  brief.submit("x");
  std::future<bool> closed =
      std::async(std::launch::async, [&] { return brief.close(seconds(10)); });
  while (!brief.destination()->is_closed()) std::this_thread::yield();
  may_go_on.set_value();

  EXPECT_TRUE(closed.get());
  EXPECT_EQ(brief.stats().delivered, 1U);
  expect_settled(brief.stats());
}

// With batches of two it is set aside: the other client's lane is backed up then.
INSTANTIATE_TEST_SUITE_P(OfTheOther, BriefClient, ::testing::Values(2, 100));

}  // namespace
}  // namespace llmtrace::tests
