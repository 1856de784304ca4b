// The scope form: OBSERVE and its like.
#include <gtest/gtest.h>
#include <llmtrace/observe.h>

#include <algorithm>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/common/observed_app.h"
#include "tests/common/recorded.h"

namespace {

using llmtrace::Level;
using llmtrace::ObservationType;
using namespace llmtrace_tests;  // NOLINT(google-build-using-namespace): the tests' own helpers

std::string answer(std::string_view question, const std::vector<std::string>& docs) {
  OBSERVE(question, docs);
  return OBSERVE_OUTPUT(std::string(question) + "!");
}

void generation(int x) { OBSERVE_GENERATION(x); }
void retriever(int x) { OBSERVE_RETRIEVER(x); }
void tool(int x) { OBSERVE_TOOL(x); }
void agent(int x) { OBSERVE_AGENT(x); }
void nothing() { OBSERVE(); }

TEST(Observe, RecordsNameArgumentsAndOutput) {
  MemoryDestination memory;

  const std::string result = answer("why", {"a", "b"});

  EXPECT_EQ(result, "why!");
  const RecordedObservation observation = only(memory);
  EXPECT_EQ(observation.name, "answer");
  EXPECT_EQ(observation.type, ObservationType::Span);
  EXPECT_EQ(observation.input, R"({"question":"why","docs":["a","b"]})");
  EXPECT_EQ(observation.output, "\"why!\"");
  EXPECT_EQ(observation.level, Level::Default);
}

TEST(Observe, EachMacroHasItsType) {
  MemoryDestination memory;

  generation(1);
  retriever(2);
  tool(3);
  agent(4);
  nothing();

  EXPECT_EQ(named(memory, "generation").type, ObservationType::Generation);
  EXPECT_EQ(named(memory, "retriever").type, ObservationType::Retriever);
  EXPECT_EQ(named(memory, "tool").type, ObservationType::Tool);
  EXPECT_EQ(named(memory, "agent").type, ObservationType::Agent);
  EXPECT_EQ(named(memory, "agent").input, R"({"x":4})");
  EXPECT_EQ(named(memory, "nothing").input, "");
}

void inner_function() { OBSERVE(); }
void outer_function() {
  OBSERVE();
  inner_function();
  {
    OBSERVE_WITH(.name = "block");
    inner_function();
  }
}

TEST(Observe, NestsByCallAndByBlock) {
  MemoryDestination memory;

  outer_function();

  const auto observations = memory.observations();
  ASSERT_EQ(observations.size(), 4U);
  const std::string outer = named(memory, "outer_function").id;
  EXPECT_EQ(observations[0].parent_id, outer);
  EXPECT_EQ(observations[1].name, "inner_function");
  EXPECT_EQ(observations[1].parent_id, named(memory, "block").id);
  EXPECT_EQ(named(memory, "block").parent_id, outer);
  EXPECT_FALSE(llmtrace::current_observation());
}

int evaluations = 0;
int counted(int value) {
  ++evaluations;
  return value;
}
void evaluates(int value) { OBSERVE(counted(value)); }
void evaluates_with(int value) { OBSERVE_WITH(.input = counted(value)); }

TEST(Observe, EvaluatesArgumentsOnceAndOnlyWhenRecording) {
  evaluations = 0;
  evaluates(1);
  evaluates_with(1);
  EXPECT_EQ(evaluations, 0) << "nothing listens";

  MemoryDestination memory;
  {
    const auto suppressed = llmtrace::suppress();
    evaluates(1);
  }
  EXPECT_EQ(evaluations, 0) << "suppressed";

  evaluates(5);
  EXPECT_EQ(evaluations, 1);
  EXPECT_EQ(only(memory).input, R"json({"counted(value)":5})json");
  evaluates_with(6);
  EXPECT_EQ(evaluations, 2);
}

void with_options(const std::vector<int>& docs) {
  OBSERVE_WITH(.name = "ingest", .as_type = ObservationType::Embedding, .input = OBSERVE_ARGS(docs),
               .metadata = {{"k", 1}}, .model = "m");
}

TEST(Observe, TakesOptions) {
  MemoryDestination memory;

  with_options({1, 2});

  const RecordedObservation observation = only(memory);
  EXPECT_EQ(observation.name, "ingest");
  EXPECT_EQ(observation.type, ObservationType::Embedding);
  EXPECT_EQ(observation.input, R"({"docs":[1,2]})");
  EXPECT_EQ(observation.metadata, R"({"k":1})");
  EXPECT_EQ(observation.model, "m");
}

int without_output() {
  OBSERVE_WITH(.capture_output = false);
  return OBSERVE_OUTPUT(5);
}

TEST(Observe, CaptureOfTheOutputCanBeSwitchedOff) {
  MemoryDestination memory;

  EXPECT_EQ(without_output(), 5);

  EXPECT_EQ(only(memory).output, "");
  EXPECT_EQ(only(memory).name, "without_output");
}

void throws_text() {
  OBSERVE();
  throw app::NoDocuments("nothing to read");
}

TEST(Observe, AnExceptionIsALevelWithoutAGuessedText) {
  MemoryDestination memory;

  try {
    throw std::logic_error("another one, being handled");
  } catch (const std::logic_error&) {
    EXPECT_THROW(throws_text(), app::NoDocuments);
  }

  EXPECT_EQ(only(memory).level, Level::Error);
  EXPECT_EQ(only(memory).status_message, "");
}

void catches_inside() {
  OBSERVE();
  try {
    throw 1;
  } catch (int) {
  }
}
struct ObservesInDestructor {
  ~ObservesInDestructor() { inner_function(); }
};

TEST(Observe, AnExceptionOfSomebodyElseIsNoError) {
  MemoryDestination memory;

  catches_inside();
  try {
    const ObservesInDestructor cleanup;
    throw 1;
  } catch (int) {
  }

  EXPECT_EQ(named(memory, "catches_inside").level, Level::Default);
  EXPECT_EQ(named(memory, "inner_function").level, Level::Default);
}

std::string given_text() {
  OBSERVE();
  llmtrace::current_observation().error("disk full");
  throw app::NoDocuments("x");
}

TEST(Observe, ATextThatWasGivenStays) {
  MemoryDestination memory;

  EXPECT_THROW(given_text(), app::NoDocuments);

  EXPECT_EQ(only(memory).status_message, "disk full");
}

// ---- Arguments
// --------------------------------------------------------------------------------------

template <class Left, class Right>
struct Both {
  static int value() { return 7; }
};

void template_comma() { OBSERVE(Both<int, char>::value()); }
template <class... Values>
void packed(const Values&... values) {
  OBSERVE(values...);
}
void literals() { OBSERVE("a, (b", ',', std::string("x\"y,")); }
void bindings() {
  const auto [first, second] = std::pair(1, std::string("two"));
  OBSERVE(first, second);
}
#define PROJECT_LIMIT 10
void macro_argument() { OBSERVE(PROJECT_LIMIT); }
void nested_calls(const std::map<std::string, int>& map) { OBSERVE(map.at("a"), std::max(1, 2)); }

TEST(Observe, SplitsNamesAtTopLevelCommas) {
  MemoryDestination memory;
  nested_calls({{"a", 5}});

  EXPECT_EQ(only(memory).input, R"json({"map.at(\"a\")":5,"std::max(1, 2)":2})json");
}

TEST(Observe, LiteralsMayHoldCommasAndBrackets) {
  MemoryDestination memory;
  literals();

  EXPECT_EQ(only(memory).input,
            R"json({"\"a, (b\"":"a, (b","','":",","std::string(\"x\\\"y,\")":"x\"y,"})json");
}

TEST(Observe, UncountableNamesGiveAnArray) {
  MemoryDestination memory;
  template_comma();
  packed(1, "two", 3.5);
  packed();

  const auto observations = memory.observations();
  EXPECT_EQ(observations[0].input, "[7]");
  EXPECT_EQ(observations[1].input, R"([1,"two",3.5])");
  EXPECT_EQ(observations[2].input, "");
}

TEST(Observe, TakesStructuredBindings) {
  MemoryDestination memory;
  bindings();

  EXPECT_EQ(only(memory).input, R"({"first":1,"second":"two"})");
}

TEST(Observe, KeepsAMacrosNameAsTheKey) {
  MemoryDestination memory;
  macro_argument();

  EXPECT_EQ(only(memory).input, R"({"PROJECT_LIMIT":10})");
}

// ---- Where it may stand
// -----------------------------------------------------------------------------

int factorial(int n) {
  OBSERVE(n);
  return n <= 1 ? OBSERVE_OUTPUT(1) : OBSERVE_OUTPUT(n * factorial(n - 1));
}

TEST(Observe, FollowsRecursion) {
  MemoryDestination memory;

  EXPECT_EQ(factorial(3), 6);

  const auto observations = memory.observations();
  ASSERT_EQ(observations.size(), 3U);
  EXPECT_EQ(observations[2].input, R"({"n":3})");
  EXPECT_EQ(observations[2].output, "6");
  EXPECT_EQ(observations[1].parent_id, observations[2].id);
  EXPECT_EQ(observations[0].parent_id, observations[1].id);
}

int even_deeper(int depth) {
  OBSERVE();
  return depth == 0 ? 0 : even_deeper(depth - 1);
}

TEST(Observe, TakesADeepRecursion) {
  MemoryDestination memory;

  even_deeper(5000);

  EXPECT_EQ(memory.observations().size(), 5001U);
}

TEST(Observe, StandsInMemberFunctionsAndConstructors) {
  MemoryDestination memory;

  app::Agent agent(2);
  EXPECT_EQ(agent.run(3), 5);
  EXPECT_EQ(agent.run_body(4), 8);
  EXPECT_EQ(app::Agent::twice(5), 10);

  EXPECT_EQ(named(memory, "Agent").input, R"({"steps":2})");
  EXPECT_EQ(named(memory, "run").input, R"({"extra":3,"steps_":2})");
  EXPECT_EQ(named(memory, "run").type, ObservationType::Agent);
  EXPECT_EQ(named(memory, "run_body").output, "8");
  EXPECT_EQ(named(memory, "twice").output, "10");
}

template <class Value>
Value identity(const Value& value) {
  OBSERVE(value);
  return OBSERVE_OUTPUT(value);
}

TEST(Observe, StandsInTemplatesAndLambdas) {
  MemoryDestination memory;
  const auto lambda = [](int x) {
    OBSERVE_WITH(.name = "lambda", .input = OBSERVE_ARGS(x));
    return OBSERVE_OUTPUT(x + 1);
  };

  EXPECT_EQ(identity(std::string("s")), "s");
  EXPECT_EQ(identity(4), 4);
  EXPECT_EQ(lambda(1), 2);

  EXPECT_EQ(named(memory, "identity").input, R"({"value":"s"})");
  EXPECT_EQ(named(memory, "lambda").output, "2");
}

struct Cleanup {
  ~Cleanup() { OBSERVE(); }
};

TEST(Observe, StandsInADestructor) {
  MemoryDestination memory;
  { const Cleanup cleanup; }

  EXPECT_EQ(only(memory).name, "~Cleanup");
}

TEST(Observe, StandsInABranchWithBraces) {
  MemoryDestination memory;
  for (int i = 0; i < 2; ++i) {
    if (i == 1) {
      OBSERVE_WITH(.name = "branch");
    }
  }

  EXPECT_EQ(only(memory).name, "branch");
}

// ---- OBSERVE_OUTPUT
// ---------------------------------------------------------------------------------

std::vector<std::string> make() { return {"a", "b"}; }

TEST(ObserveOutput, HandsOnLvaluesByReferenceAndRvaluesByValue) {
  OBSERVE();
  int value = 5;
  const int constant = 6;

  static_assert(std::is_same_v<decltype(OBSERVE_OUTPUT(value)), int&>);
  static_assert(std::is_same_v<decltype(OBSERVE_OUTPUT(constant)), const int&>);
  static_assert(std::is_same_v<decltype(OBSERVE_OUTPUT(make())), std::vector<std::string>>);
  static_assert(std::is_same_v<decltype(OBSERVE_OUTPUT(std::move(value))), int>);
  EXPECT_EQ(&OBSERVE_OUTPUT(value), &value);
}

TEST(ObserveOutput, ATemporaryOutlivesARangeFor) {
  MemoryDestination memory;
  OBSERVE();

  std::string all;
  for (const std::string& text : OBSERVE_OUTPUT(make())) all += text;

  EXPECT_EQ(all, "ab");
}

std::unique_ptr<int> move_only() {
  OBSERVE();
  return OBSERVE_OUTPUT(std::make_unique<int>(4));
}
std::vector<int> statement() {
  OBSERVE();
  std::vector<int> result{1};
  OBSERVE_OUTPUT(result);
  return result;
}

TEST(ObserveOutput, TakesMoveOnlyValuesAndStandsAlone) {
  MemoryDestination memory;

  EXPECT_EQ(*move_only(), 4);
  EXPECT_EQ(statement(), std::vector<int>{1});

  EXPECT_EQ(named(memory, "move_only").output, "4");
  EXPECT_EQ(named(memory, "statement").output, "[1]");
}

TEST(CurrentObservation, GuardsTheBuildingOfAnArgument) {
  EXPECT_FALSE(llmtrace::current_observation());
  MemoryDestination memory;
  OBSERVE();
  EXPECT_TRUE(llmtrace::current_observation());
}

}  // namespace
