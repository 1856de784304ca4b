// Who keeps what alive: clients, transports and the sets that threads remember.
#include <llmtrace/observe.h>

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

}  // namespace
}  // namespace llmtrace::tests
