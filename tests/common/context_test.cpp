// What the context carries: propagated attributes, suppression, and both to another thread.
#include <gtest/gtest.h>
#include <llmtrace/observation.h>
#include <llmtrace/observe.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/common/recorded.h"

namespace {

using llmtrace::Observation;
using namespace llmtrace_tests;  // NOLINT(google-build-using-namespace): the tests' own helpers

TEST(Propagate, ReachesTheCurrentObservationAndAllBelow) {
  MemoryDestination memory;
  const Observation root = llmtrace::start_observation({.name = "root"});
  const auto scope = root.activate();
  {
    const auto propagated = llmtrace::propagate({.user_id = "u",
                                                 .session_id = "s",
                                                 .metadata = {{"k", "v"}},
                                                 .version = "1",
                                                 .tags = {"prod"},
                                                 .trace_name = "t",
                                                 .environment = "staging"});
    record("child");
  }
  root.end();

  for (const char* name : {"root", "child"}) {
    const RecordedObservation observation = named(memory, name);
    EXPECT_EQ(observation.user_id, "u") << name;
    EXPECT_EQ(observation.session_id, "s") << name;
    EXPECT_EQ(observation.trace_metadata, R"({"k":"v"})") << name;
    EXPECT_EQ(observation.tags, (std::vector<std::string>{"prod"})) << name;
    EXPECT_EQ(observation.trace_name, "t") << name;
    EXPECT_EQ(observation.environment, "staging") << name;
  }
  EXPECT_EQ(named(memory, "child").parent_id, root.id());
}

TEST(Propagate, NestedScopesMergeAndTheInnerOneWins) {
  MemoryDestination memory;
  const auto outer = llmtrace::propagate({.user_id = "outer",
                                          .session_id = "s",
                                          .metadata = {{"a", 1}, {"b", 1}},
                                          .tags = {"x", "y"}});
  {
    const auto inner =
        llmtrace::propagate({.user_id = "inner", .metadata = {{"b", 2}}, .tags = {"y", "z"}});
    record("inside");
  }
  record("outside");

  const RecordedObservation inside = named(memory, "inside");
  EXPECT_EQ(inside.user_id, "inner");
  EXPECT_EQ(inside.session_id, "s");
  EXPECT_EQ(inside.trace_metadata, R"({"a":1,"b":2})");
  EXPECT_EQ(inside.tags, (std::vector<std::string>{"x", "y", "z"}));
  const RecordedObservation outside = named(memory, "outside");
  EXPECT_EQ(outside.user_id, "outer");
  EXPECT_EQ(outside.tags, (std::vector<std::string>{"x", "y"}));
}

TEST(Propagate, ReachesNoChildThatStartsAfterTheScope) {
  MemoryDestination memory;
  const Observation root = llmtrace::start_observation({.name = "root"});
  const auto scope = root.activate();
  { const auto propagated = llmtrace::propagate({.user_id = "u"}); }

  record("after");

  EXPECT_EQ(named(memory, "after").user_id, "");
}

TEST(Propagate, TwoScopesInARowAddUpOnTheCurrentObservation) {
  MemoryDestination memory;
  const Observation root = llmtrace::start_observation({.name = "root"});
  const auto scope = root.activate();
  { const auto first = llmtrace::propagate({.user_id = "u", .tags = {"a"}}); }
  { const auto second = llmtrace::propagate({.session_id = "s", .tags = {"b"}}); }

  root.end();

  EXPECT_EQ(named(memory, "root").user_id, "u");
  EXPECT_EQ(named(memory, "root").session_id, "s");
  EXPECT_EQ(named(memory, "root").tags, (std::vector<std::string>{"a", "b"}));
}

TEST(Propagate, HandlesStartedInsideInheritThroughTheirParent) {
  MemoryDestination memory;
  const auto propagated = llmtrace::propagate({.user_id = "u"});
  const Observation root = llmtrace::start_observation({.name = "root"});

  root.span({.name = "child"}).end();

  EXPECT_EQ(named(memory, "child").user_id, "u");
}

TEST(Suppress, NothingStartsInside) {
  MemoryDestination memory;
  const Observation root = llmtrace::start_observation({.name = "root"});
  const auto scope = root.activate();
  {
    const auto suppressed = llmtrace::suppress();
    record("global");
    root.span({.name = "of a handle"}).end();
    root.event({.name = "event"});
    llmtrace::observe({.name = "callback"},
                      [](const llmtrace::CurrentObservation& current) { EXPECT_FALSE(current); });
    EXPECT_FALSE(llmtrace::current_observation());
    {
      const auto propagated = llmtrace::propagate({.user_id = "u"});
      record("propagated");
    }
    {
      const auto direct = memory.activate();
      record("direct");
    }
  }
  record("after");

  ASSERT_EQ(memory.observations().size(), 1U);
  EXPECT_EQ(memory.observations()[0].name, "after");
  EXPECT_EQ(memory.observations()[0].parent_id, root.id());
}

TEST(Bind, CarriesTheContextToAnotherThread) {
  MemoryDestination memory;
  const Observation root = llmtrace::start_observation({.name = "root"});
  {
    const auto scope = root.activate();
    const auto propagated = llmtrace::propagate({.user_id = "u"});
    std::jthread bound(llmtrace::bind([] {
      record("bound");
      EXPECT_TRUE(llmtrace::current_observation());
    }));
    std::jthread plain([] { record("plain"); });
  }

  EXPECT_EQ(named(memory, "bound").parent_id, root.id());
  EXPECT_EQ(named(memory, "bound").user_id, "u");
  EXPECT_EQ(named(memory, "plain").parent_id, "");
}

TEST(Bind, PassesArgumentsAndResultsAndRestoresTheThread) {
  MemoryDestination memory;
  const Observation root = llmtrace::start_observation({.name = "root"});
  const auto bound = [&] {
    const auto scope = root.activate();
    return llmtrace::bind([](int left, std::unique_ptr<int> right) {
      EXPECT_TRUE(llmtrace::current_observation());
      return left + *right;
    });
  }();

  EXPECT_EQ(bound(2, std::make_unique<int>(3)), 5);
  EXPECT_FALSE(llmtrace::current_observation());
}

TEST(Bind, OutlivesTheObservationAndTheClient) {
  std::function<void()> bound;
  {
    MemoryDestination memory;
    const Observation root = llmtrace::start_observation({.name = "root"});
    const auto scope = root.activate();
    bound = llmtrace::bind([] {});
  }

  bound();
  bound = nullptr;
}

}  // namespace
