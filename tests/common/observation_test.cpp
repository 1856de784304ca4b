// Handles: what they record, how they nest, and scores.
#include <gtest/gtest.h>
#include <llmtrace/observation.h>
#include <llmtrace/observe.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "common/src/cell.h"
#include "tests/common/recorded.h"

namespace {

using llmtrace::Level;
using llmtrace::Observation;
using llmtrace::ObservationType;
using llmtrace::ScoreValue;
using llmtrace::Timestamp;
using namespace llmtrace_tests;  // NOLINT(google-build-using-namespace): the tests' own helpers

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

}  // namespace
