#include <gtest/gtest.h>
#include <llmtrace/observation.h>
#include <llmtrace/observe.h>
#include <llmtrace/testing.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/src/cell.h"

namespace {

using llmtrace::DropReason;
using llmtrace::Level;
using llmtrace::Observation;
using llmtrace::ObservationType;
using llmtrace::ScoreValue;
using llmtrace::Timestamp;
using llmtrace::testing::MemoryDestination;
using llmtrace::testing::RecordedObservation;

RecordedObservation named(const MemoryDestination& memory, std::string_view name) {
  for (const RecordedObservation& observation : memory.observations()) {
    if (observation.name == name) return observation;
  }
  ADD_FAILURE() << "no observation is called " << name;
  return {};
}

void record(std::string name) { llmtrace::start_observation({.name = std::move(name)}).end(); }

TEST(Observation, CarriesEveryField) {
  MemoryDestination memory;
  const Timestamp start = Timestamp() + std::chrono::hours(480000);
  Observation observation = llmtrace::start_observation({
      .name = "answer",
      .as_type = ObservationType::Generation,
      .input = "question",
      .output = "first",
      .metadata = {{"a", 1}},
      .version = "1",
      .level = Level::Warning,
      .status_message = "slow",
      .completion_start_time = start + std::chrono::seconds(1),
      .model = "m",
      .model_parameters = {{"temperature", 0.5}},
      .usage_details = {{"input", 100}},
      .cost_details = {{"total", 0.25}},
      .prompt = {"greeting", 3},
      .start_time = start,
  });

  observation.end({.output = {{"text", "final"}},
                   .metadata = {{"b", 2}},
                   .usage_details = {{"output", 50}},
                   .end_time = start + std::chrono::seconds(2)});

  const RecordedObservation recorded = named(memory, "answer");
  EXPECT_EQ(recorded.type, ObservationType::Generation);
  EXPECT_EQ(recorded.input, "\"question\"");
  EXPECT_EQ(recorded.output, R"({"text":"final"})");
  EXPECT_EQ(recorded.metadata, R"({"a":1,"b":2})");
  EXPECT_EQ(recorded.version, "1");
  EXPECT_EQ(recorded.level, Level::Warning);
  EXPECT_EQ(recorded.status_message, "slow");
  EXPECT_EQ(recorded.completion_start_time, start + std::chrono::seconds(1));
  EXPECT_EQ(recorded.model, "m");
  EXPECT_EQ(recorded.model_parameters, R"({"temperature":0.5})");
  EXPECT_EQ(recorded.usage_details.find("input"), 100);
  EXPECT_EQ(recorded.usage_details.find("output"), 50);
  EXPECT_EQ(recorded.cost_details.find("total"), 0.25);
  EXPECT_EQ(recorded.prompt.name, "greeting");
  EXPECT_EQ(recorded.prompt.version, 3);
  EXPECT_EQ(recorded.start_time, start);
  EXPECT_EQ(recorded.end_time, start + std::chrono::seconds(2));
  EXPECT_EQ(recorded.id, observation.id());
  EXPECT_EQ(recorded.trace_id, observation.trace_id());
}

TEST(Observation, KnowsAllTwelveTypes) {
  const std::pair<ObservationType, std::string_view> types[] = {
      {ObservationType::Span, "span"},           {ObservationType::Generation, "generation"},
      {ObservationType::Event, "event"},         {ObservationType::Embedding, "embedding"},
      {ObservationType::Agent, "agent"},         {ObservationType::Tool, "tool"},
      {ObservationType::Chain, "chain"},         {ObservationType::Retriever, "retriever"},
      {ObservationType::Evaluator, "evaluator"}, {ObservationType::Guardrail, "guardrail"},
      {ObservationType::Prompt, "prompt"},       {ObservationType::Parser, "parser"}};
  MemoryDestination memory;

  for (const auto& [type, name] : types) {
    EXPECT_EQ(to_string(type), name);
    llmtrace::start_observation({.name = std::string(name), .as_type = type}).end();
  }

  for (const auto& [type, name] : types) EXPECT_EQ(named(memory, name).type, type) << name;
}

TEST(Observation, ItsTraceIdIsTheRootsUuidAndItsIdTheSecondHalf) {
  MemoryDestination memory;

  const Observation root = llmtrace::start_observation({.name = "root"});

  EXPECT_EQ(root.trace_id().size(), 32U);
  EXPECT_EQ(root.trace_id()[12], '7');
  EXPECT_EQ(root.trace_id().substr(16), root.id());
}

TEST(Observation, ChildrenOfAHandleNestUnderIt) {
  MemoryDestination memory;
  const Observation root = llmtrace::start_observation({.name = "root"});
  const Observation span = root.span({.name = "span"});
  const Observation generation = span.generation({.name = "generation"});
  span.event({.name = "event", .input = 1});
  generation.end();
  span.end();
  root.end();

  EXPECT_EQ(named(memory, "root").parent_id, "");
  EXPECT_EQ(named(memory, "span").parent_id, root.id());
  EXPECT_EQ(named(memory, "generation").parent_id, span.id());
  EXPECT_EQ(named(memory, "generation").type, ObservationType::Generation);
  EXPECT_EQ(named(memory, "generation").trace_id, root.trace_id());
  EXPECT_EQ(named(memory, "event").parent_id, span.id());
  EXPECT_EQ(named(memory, "event").type, ObservationType::Event);
  EXPECT_EQ(named(memory, "event").start_time, named(memory, "event").end_time);
}

TEST(Observation, IsNotCurrentByItself) {
  MemoryDestination memory;

  const Observation root = llmtrace::start_observation({.name = "root"});

  EXPECT_FALSE(llmtrace::current_observation());
  const Observation other = llmtrace::start_observation({.name = "other"});
  EXPECT_NE(other.trace_id(), root.trace_id());
}

TEST(Observation, ActivateMakesItCurrentForTheBlock) {
  MemoryDestination memory;
  const Observation root = llmtrace::start_observation({.name = "root"});
  {
    const auto scope = root.activate();
    EXPECT_EQ(llmtrace::current_observation().id(), root.id());
    record("inside");
    {
      const Observation inner = llmtrace::start_observation({.name = "inner"});
      const auto inner_scope = inner.activate();
      record("deeper");
      EXPECT_EQ(named(memory, "deeper").parent_id, inner.id());
    }
    EXPECT_EQ(llmtrace::current_observation().id(), root.id());
  }

  EXPECT_FALSE(llmtrace::current_observation());
  EXPECT_EQ(named(memory, "inside").parent_id, root.id());
}

// On a thread of its own: what was current there ends with it.
TEST(Observation, AScopeThatEndsOutOfOrderDoesNotUndoAnother) {
  MemoryDestination memory;
  std::jthread([] {
    const Observation first = llmtrace::start_observation({.name = "first"});
    const Observation second = llmtrace::start_observation({.name = "second"});
    auto outer = [&] {
      const auto scope = first.activate();
      return llmtrace::Context::current();
    }();
    auto inner = [&] {
      const auto scope = second.activate();
      return llmtrace::Context::current();
    }();
    auto outer_scope = std::make_unique<llmtrace::ContextScope>(outer);
    auto inner_scope = std::make_unique<llmtrace::ContextScope>(inner);

    outer_scope.reset();

    EXPECT_EQ(llmtrace::current_observation().id(), second.id());
    inner_scope.reset();
    EXPECT_NE(llmtrace::current_observation().id(), second.id());
  });

  EXPECT_EQ(memory.observations().size(), 2U);
}

TEST(Observation, TheFirstEndWins) {
  MemoryDestination memory;
  const Observation observation = llmtrace::start_observation({.name = "once"});

  observation.end({.output = "first"});
  observation.end({.output = "second"});

  ASSERT_EQ(memory.observations().size(), 1U);
  EXPECT_EQ(memory.observations()[0].output, "\"first\"");
}

TEST(Observation, AnUpdateAfterTheEndIsIgnoredAndCounted) {
  MemoryDestination memory;
  const Observation observation = llmtrace::start_observation({.name = "late"});
  const std::string id = observation.id();
  observation.end({.output = "final"});

  observation.update({.output = "late"});
  observation.error("late");
  observation.first_token();

  EXPECT_EQ(named(memory, "late").output, "\"final\"");
  EXPECT_EQ(named(memory, "late").level, Level::Default);
  EXPECT_FALSE(named(memory, "late").completion_start_time.has_value());
  EXPECT_EQ(memory.stats().late_updates, 2U);
  EXPECT_EQ(observation.id(), id);
}

TEST(Observation, EndsByItselfWhenTheHandleGoes) {
  MemoryDestination memory;
  { const Observation observation = llmtrace::start_observation({.name = "scoped"}); }
  Observation first = llmtrace::start_observation({.name = "moved over"});
  first = llmtrace::start_observation({.name = "successor"});
  const Observation moved = std::move(first);

  EXPECT_EQ(memory.observations().size(), 2U);
  EXPECT_EQ(named(memory, "scoped").name, "scoped");
  EXPECT_EQ(named(memory, "moved over").name, "moved over");
  EXPECT_TRUE(moved);
}

TEST(Observation, CurrentObservationEndsNothing) {
  MemoryDestination memory;
  const Observation root = llmtrace::start_observation({.name = "root"});
  {
    const auto scope = root.activate();
    llmtrace::current_observation().update({.output = "by current"});
  }
  EXPECT_TRUE(memory.observations().empty());

  root.end();

  EXPECT_EQ(named(memory, "root").output, "\"by current\"");
}

TEST(Observation, WithoutAClientEverythingDoesNothing) {
  const Observation observation = llmtrace::start_observation({.name = "unheard"});
  const auto scope = observation.activate();

  observation.update({.output = 1});
  observation.first_token();
  observation.error("x");
  observation.score({.name = "s", .value = 1});
  observation.score_trace({.name = "s", .value = 1});
  observation.event({.name = "e"});
  llmtrace::score_current({.name = "s", .value = 1});
  llmtrace::current_observation().update({.output = 1});
  const Observation child = observation.span({.name = "child"});
  child.end();

  EXPECT_FALSE(observation);
  EXPECT_FALSE(child);
  EXPECT_EQ(observation.id(), "");
  EXPECT_EQ(observation.trace_id(), "");
  EXPECT_FALSE(llmtrace::current_observation());
}

TEST(Observation, FirstTokenIsRecordedOnce) {
  MemoryDestination memory;
  const Observation observation = llmtrace::start_observation({.name = "stream"});

  observation.first_token();
  const auto first = observation.cell()->record.completion_start_time;
  observation.first_token();
  observation.end();

  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(named(memory, "stream").completion_start_time, first);
}

TEST(Observation, AnErrorIsALevelAndAText) {
  MemoryDestination memory;
  const Observation observation = llmtrace::start_observation({.name = "failing"});

  observation.error("disk full");
  observation.end();

  EXPECT_EQ(named(memory, "failing").level, Level::Error);
  EXPECT_EQ(named(memory, "failing").status_message, "disk full");
}

TEST(Observation, NeverEndsBeforeItStarts) {
  MemoryDestination memory;
  const Timestamp start = Timestamp() + std::chrono::hours(480000);

  llmtrace::start_observation({.name = "backwards", .start_time = start})
      .end({.end_time = start - std::chrono::seconds(5)});

  EXPECT_EQ(named(memory, "backwards").end_time, start);
}

TEST(Observation, MetadataThatIsNoObjectGoesUnderAKey) {
  MemoryDestination memory;
  const Observation observation =
      llmtrace::start_observation({.name = "text metadata", .metadata = "plain"});

  observation.update({.metadata = {{"a", 1}}});
  observation.end();

  EXPECT_EQ(named(memory, "text metadata").metadata, R"({"metadata":"plain","a":1})");
}

TEST(Observation, KeepsEmptyNamesAndBadBytes) {
  MemoryDestination memory;

  llmtrace::start_observation({.name = "", .input = "\xFF"}).end();

  ASSERT_EQ(memory.observations().size(), 1U);
  EXPECT_EQ(memory.observations()[0].input, "\"\xEF\xBF\xBD\"");
}

TEST(Scores, GoToTheObservationTheTraceOrTheCurrentOne) {
  MemoryDestination memory;
  const Observation root = llmtrace::start_observation({.name = "root"});
  const Observation child = root.span({.name = "child"});

  child.score({.name = "observation", .value = 0.5, .comment = "half"});
  child.score_trace({.name = "trace", .value = "good"});
  {
    const auto scope = child.activate();
    llmtrace::score_current({.name = "current", .value = true});
  }

  const auto scores = memory.scores();
  ASSERT_EQ(scores.size(), 3U);
  EXPECT_EQ(scores[0].name, "observation");
  EXPECT_EQ(scores[0].observation_id, child.id());
  EXPECT_EQ(scores[0].trace_id, root.trace_id());
  EXPECT_EQ(scores[0].value.number(), 0.5);
  EXPECT_EQ(scores[0].comment, "half");
  EXPECT_EQ(scores[1].observation_id, "");
  EXPECT_EQ(scores[1].trace_id, root.trace_id());
  EXPECT_EQ(scores[1].value.text(), "good");
  EXPECT_EQ(scores[2].observation_id, child.id());
  EXPECT_EQ(scores[2].value.kind(), ScoreValue::Kind::Boolean);
  EXPECT_FALSE(scores[0].id.empty());
  EXPECT_NE(scores[0].id, scores[1].id);
}

TEST(Scores, IgnoreTargetsGivenToAHandle) {
  MemoryDestination memory;
  const Observation root = llmtrace::start_observation({.name = "root"});

  root.score({.name = "s",
              .value = 1,
              .session_id = "x",
              .trace_id = "y",
              .observation_id = "z",
              .score_id = "mine"});

  ASSERT_EQ(memory.scores().size(), 1U);
  EXPECT_EQ(memory.scores()[0].session_id, "");
  EXPECT_EQ(memory.scores()[0].trace_id, root.trace_id());
  EXPECT_EQ(memory.scores()[0].observation_id, root.id());
  EXPECT_EQ(memory.scores()[0].id, "mine");
}

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
