// Several destinations at once, their ends, and what they count.
#include <gtest/gtest.h>
#include <llmtrace/observation.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "common/src/cell.h"
#include "tests/common/recorded.h"

namespace {

using llmtrace::DropReason;
using llmtrace::Observation;
using namespace llmtrace_tests;  // NOLINT(google-build-using-namespace): the tests' own helpers

TEST(MemoryDestination, TwoAtOnceSeeOneIdentity) {
  MemoryDestination first;
  MemoryDestination second;
  const Observation root = llmtrace::start_observation({.name = "root"});
  root.span({.name = "child"}).end();
  root.score({.name = "s", .value = 1});
  root.end();

  for (const char* name : {"root", "child"}) {
    EXPECT_EQ(named(first, name).id, named(second, name).id);
    EXPECT_EQ(named(first, name).trace_id, root.trace_id());
    EXPECT_EQ(named(second, name).trace_id, root.trace_id());
  }
  EXPECT_EQ(first.scores().at(0).id, second.scores().at(0).id);
}

TEST(MemoryDestination, ActivateReachesThisOneAlone) {
  MemoryDestination first;
  MemoryDestination second;
  const Observation global = llmtrace::start_observation({.name = "global"});
  const auto current = global.activate();
  {
    const auto scope = first.activate();
    const Observation root = llmtrace::start_observation({.name = "tenant"});
    root.span({.name = "child"}).end();
  }

  EXPECT_EQ(named(first, "tenant").parent_id, "");
  EXPECT_EQ(named(first, "child").trace_id, named(first, "tenant").trace_id);
  EXPECT_EQ(first.observations().size(), 2U);
  EXPECT_TRUE(second.observations().empty());
}

TEST(MemoryDestination, ActivateInheritsWhatIsPropagated) {
  MemoryDestination memory;
  const auto propagated = llmtrace::propagate({.user_id = "u"});
  const auto scope = memory.activate();

  record("inside");

  EXPECT_EQ(named(memory, "inside").user_id, "u");
}

TEST(MemoryDestination, AClientThatComesLaterDoesNotJoinAnOpenTrace) {
  MemoryDestination first;
  const Observation root = llmtrace::start_observation({.name = "root"});
  MemoryDestination late;

  root.span({.name = "child"}).end();
  root.end();

  EXPECT_EQ(first.observations().size(), 2U);
  EXPECT_TRUE(late.observations().empty());
}

TEST(MemoryDestination, ClearForgets) {
  MemoryDestination memory;
  record("old");
  memory.clear();
  record("new");

  ASSERT_EQ(memory.observations().size(), 1U);
  EXPECT_EQ(memory.observations()[0].name, "new");
}

TEST(MemoryDestination, CountsWhatItDelivered) {
  MemoryDestination memory;
  const Observation open = llmtrace::start_observation({.name = "open"});
  for (int i = 0; i < 10; ++i) record("ended");
  open.score({.name = "s", .value = 1});
  ASSERT_EQ(memory.observations().size(), 10U);

  const llmtrace::DestinationStats stats = memory.stats();

  EXPECT_EQ(stats.submitted, 11U);
  EXPECT_EQ(stats.delivered, 11U);
  EXPECT_EQ(stats.dropped_total(), 0U);
  EXPECT_EQ(stats.in_memory, 0U);
}

TEST(MemoryDestination, MayGoWhileObservationsAreOpen) {
  auto memory = std::make_unique<MemoryDestination>();
  const Observation root = llmtrace::start_observation({.name = "root"});
  const auto scope = root.activate();
  const llmtrace::Ref<llmtrace::Destination> destination =
      root.cell()->destinations_->destinations().front();

  memory.reset();
  root.update({.output = "late"});
  root.score({.name = "s", .value = 1});
  const Observation child = root.span({.name = "child"});
  child.end();
  root.end();

  const llmtrace::DestinationStats stats = destination->stats();
  EXPECT_EQ(stats.dropped_by(DropReason::ClientClosed), 3U);  // score, child and root
  EXPECT_EQ(stats.submitted, 3U);
  EXPECT_EQ(stats.delivered, 0U);
  EXPECT_EQ(stats.in_memory, 0U);
}

TEST(MemoryDestination, EightThreadsLoseNothing) {
  constexpr std::size_t kThreads = 8;
  constexpr std::size_t kPerThread = 500;
  MemoryDestination memory;
  const Observation root = llmtrace::start_observation({.name = "root"});
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&root] {
        for (std::size_t k = 0; k < kPerThread; ++k) {
          const Observation child = root.span({.name = "child", .input = k});
          root.update({.metadata = {{"shared", k}}});
          child.end();
        }
      });
    }
  }
  root.end();

  const auto observations = memory.observations();
  EXPECT_EQ(observations.size(), kThreads * kPerThread + 1);
  EXPECT_TRUE(std::all_of(observations.begin(), observations.end(), [&](const auto& observation) {
    return observation.name == "root" || observation.parent_id == root.id();
  }));
  const llmtrace::DestinationStats stats = memory.stats();
  EXPECT_EQ(stats.submitted, stats.delivered + stats.dropped_total() + stats.in_memory);
  EXPECT_EQ(stats.delivered, observations.size());
}

}  // namespace
