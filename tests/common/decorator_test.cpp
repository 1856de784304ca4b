// Functions that are traced from outside: observe() as a decorator and with a callback.
#include <gtest/gtest.h>
#include <llmtrace/observe.h>

#include <functional>
#include <memory>
#include <string>

#include "tests/common/observed_app.h"
#include "tests/common/recorded.h"

namespace {

using llmtrace::Level;
using llmtrace::ObservationType;
using namespace llmtrace_tests;  // NOLINT(google-build-using-namespace): the tests' own helpers

void inner_function() { OBSERVE(); }

int add(int left, int right) { return left + right; }
int fails(int /*value*/) { throw app::NoDocuments("no"); }

TEST(Decorator, RecordsEachCallWithItsArgumentsAsAnArray) {
  MemoryDestination memory;
  const auto traced = llmtrace::observe(add, {.name = "add", .as_type = ObservationType::Chain});

  EXPECT_EQ(traced(1, 2), 3);
  EXPECT_EQ(traced(3, 4), 7);

  const auto observations = memory.observations();
  ASSERT_EQ(observations.size(), 2U);
  EXPECT_EQ(observations[0].name, "add");
  EXPECT_EQ(observations[0].type, ObservationType::Chain);
  EXPECT_EQ(observations[0].input, "[1,2]");
  EXPECT_EQ(observations[1].output, "7");
}

TEST(Decorator, WrapsLambdasMembersAndMoveOnlyFunctions) {
  MemoryDestination memory;
  app::Agent agent;
  memory.clear();
  auto member = llmtrace::observe(&app::Agent::run, {.name = "member"});
  auto counter = llmtrace::observe([count = 0]() mutable { return ++count; }, {.name = "counter"});
  auto owner =
      llmtrace::observe([value = std::make_unique<int>(5)] { return *value; }, {.name = "owner"});
  const std::function<int(int, int)> function = llmtrace::observe(add, {});

  EXPECT_EQ(member(agent, 2), 3);
  EXPECT_EQ(counter(), 1);
  EXPECT_EQ(counter(), 2);
  EXPECT_EQ(owner(), 5);
  EXPECT_EQ(function(1, 1), 2);

  const std::string input = named(memory, "member").input;
  EXPECT_NE(input.find("Agent"), std::string::npos) << input;
  EXPECT_TRUE(input.ends_with(",2]")) << input;
  EXPECT_EQ(named(memory, "observe").output, "2");
}

TEST(Decorator, KeepsReferencesAndForwardsMoves) {
  MemoryDestination memory;
  int target = 1;
  const auto reference = llmtrace::observe([](int& value) -> int& { return value; }, {.name = "r"});
  const auto taker =
      llmtrace::observe([](std::unique_ptr<int> value) { return value; }, {.name = "t"});

  EXPECT_EQ(&reference(target), &target);
  EXPECT_EQ(*taker(std::make_unique<int>(8)), 8);
}

TEST(Decorator, RecordsTheExceptionAndRethrowsIt) {
  MemoryDestination memory;

  EXPECT_THROW(llmtrace::observe(fails, {.name = "fails"})(1), app::NoDocuments);

  EXPECT_EQ(only(memory).status_message, "app::NoDocuments: no");
}

TEST(Decorator, CaptureCanBeSwitchedOff) {
  MemoryDestination memory;
  const auto traced =
      llmtrace::observe(add, {.name = "quiet", .capture_input = false, .capture_output = false});

  traced(1, 2);

  EXPECT_EQ(only(memory).input, "");
  EXPECT_EQ(only(memory).output, "");
}

TEST(Decorator, AGivenInputStays) {
  MemoryDestination memory;

  llmtrace::observe(add, {.name = "given", .input = "mine"})(1, 2);

  EXPECT_EQ(only(memory).input, "\"mine\"");
}

TEST(Callback, RunsOnceAsAnObservation) {
  MemoryDestination memory;

  const int result = llmtrace::observe({.name = "rerank", .as_type = ObservationType::Retriever},
                                       [](llmtrace::CurrentObservation span) {
                                         span.update({.metadata = {{"k", 1}}});
                                         inner_function();
                                         return 5;
                                       });

  EXPECT_EQ(result, 5);
  EXPECT_EQ(named(memory, "rerank").type, ObservationType::Retriever);
  EXPECT_EQ(named(memory, "rerank").metadata, R"({"k":1})");
  EXPECT_EQ(named(memory, "rerank").output, "5");
  EXPECT_EQ(named(memory, "inner_function").parent_id, named(memory, "rerank").id);
}

TEST(Callback, RecordsTheException) {
  MemoryDestination memory;

  EXPECT_THROW(
      llmtrace::observe({.name = "fails"},
                        [](const llmtrace::CurrentObservation&) { throw app::NoDocuments("no"); }),
      app::NoDocuments);

  EXPECT_EQ(only(memory).level, Level::Error);
  EXPECT_EQ(only(memory).status_message, "app::NoDocuments: no");
}

}  // namespace
