// OBSERVE_AWAIT over coroutines that are traced themselves, or are not.
#include <gtest/gtest.h>
#include <llmtrace/await.h>
#include <llmtrace/observe.h>

#include <stdexcept>
#include <string>

#include "tests/common/coroutines.h"
#include "tests/common/recorded.h"

namespace {

using llmtrace::Level;
using namespace llmtrace_tests;  // NOLINT(google-build-using-namespace): the tests' own helpers

Task<int> plain_child() {
  record("by the plain child");
  co_return 3;
}
Task<int> awaits_plain_child() {
  OBSERVE();
  co_return co_await OBSERVE_AWAIT(plain_child());
}

TEST(ObserveAwait, AnUninstrumentedLazyChildWorksUnderItsAwaiter) {
  MemoryDestination memory;

  EXPECT_EQ(run(awaits_plain_child()), 3);

  EXPECT_EQ(named(memory, "by the plain child").parent_id, named(memory, "awaits_plain_child").id);
  EXPECT_FALSE(llmtrace::current_observation());
}

Task<int> observed_child(Threads* threads) {
  OBSERVE();
  if (threads != nullptr) co_await OBSERVE_AWAIT(threads->hop());
  record("grandchild");
  co_return 1;
}
Task<int> observed_parent(Threads* threads) {
  OBSERVE();
  const std::string mine = llmtrace::current_observation().id();
  co_await OBSERVE_AWAIT(observed_child(threads));
  EXPECT_EQ(llmtrace::current_observation().id(), mine);
  record("after the child");
  co_return 2;
}

TEST(ObserveAwait, ObservedCoroutinesNest) {
  for (const bool with_hop : {false, true}) {
    MemoryDestination memory;
    Threads threads;
    Task<int> task = observed_parent(with_hop ? &threads : nullptr);

    task.start();
    EXPECT_FALSE(llmtrace::current_observation());
    threads.join();

    EXPECT_EQ(task.get(), 2);
    EXPECT_EQ(named(memory, "observed_child").parent_id, named(memory, "observed_parent").id);
    EXPECT_EQ(named(memory, "grandchild").parent_id, named(memory, "observed_child").id);
    EXPECT_EQ(named(memory, "after the child").parent_id, named(memory, "observed_parent").id);
    EXPECT_EQ(named(memory, "observed_parent").parent_id, "");
  }
}

Task<int> step(std::string name) {
  OBSERVE_WITH(.name = name);
  co_return co_await OBSERVE_AWAIT(plain_child());
}
Task<int> uninstrumented_steps() {
  co_await step("step one");
  co_await step("step two");
  record("after the steps");
  co_return 0;
}

TEST(ObserveAwait, StepsOfAnUninstrumentedCoroutineAreSiblings) {
  MemoryDestination memory;
  const llmtrace::Observation root = llmtrace::start_observation({.name = "root"});
  const auto scope = root.activate();

  run(uninstrumented_steps());

  EXPECT_EQ(named(memory, "step one").parent_id, root.id());
  EXPECT_EQ(named(memory, "step two").parent_id, root.id());
  EXPECT_EQ(named(memory, "after the steps").parent_id, root.id());
  EXPECT_EQ(llmtrace::current_observation().id(), root.id());
}

Task<int> failing_child() {
  OBSERVE();
  throw std::runtime_error("broken");
  co_return 0;
}
Task<int> awaits_failing_child() {
  OBSERVE();
  co_return co_await OBSERVE_AWAIT(failing_child());
}

TEST(ObserveAwait, AnExceptionPassesThroughAndMarksBoth) {
  MemoryDestination memory;

  EXPECT_THROW(run(awaits_failing_child()), std::runtime_error);

  EXPECT_EQ(named(memory, "failing_child").level, Level::Error);
  EXPECT_EQ(named(memory, "awaits_failing_child").level, Level::Error);
  EXPECT_FALSE(llmtrace::current_observation());
}

Task<int> number(int value) { co_return value; }
Task<long> sum_of(int count) {
  OBSERVE();
  long sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await OBSERVE_AWAIT(number(i));
  record("after many");
  co_return sum;
}

// Symmetric transfer is a tail call only where the compiler optimises and no sanitizer watches.
#if defined(__has_feature)
#define LLMTRACE_TESTS_SANITIZED \
  (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LLMTRACE_TESTS_SANITIZED 1
#else
#define LLMTRACE_TESTS_SANITIZED 0
#endif
#if defined(__OPTIMIZE__) && !LLMTRACE_TESTS_SANITIZED
constexpr int kChildren = 300'000;
#else
constexpr int kChildren = 2'000;
#endif

TEST(ObserveAwait, ManyChildrenThatFinishAtOnceUseABoundedStack) {
  MemoryDestination memory;

  EXPECT_EQ(run(sum_of(kChildren)), long{kChildren} * (kChildren - 1) / 2);

  EXPECT_EQ(named(memory, "after many").parent_id, named(memory, "sum_of").id);
  EXPECT_FALSE(llmtrace::current_observation());
}

Task<int> many_steps(int count) {
  for (int i = 0; i < count; ++i) co_await step("step");
  co_return 0;
}

TEST(ObserveAwait, SiblingsStaySiblingsPastTheNestingLimit) {
  MemoryDestination memory;

  run(many_steps(200));

  for (const RecordedObservation& observation : memory.observations()) {
    if (observation.name == "step") {
      EXPECT_EQ(observation.parent_id, "");
    }
  }
  EXPECT_FALSE(llmtrace::current_observation());
}

Task<int> starts_children(int depth) {
  OBSERVE_WITH(.name = "level " + std::to_string(depth));
  if (depth == 0) co_return 0;
  co_return 1 + co_await OBSERVE_AWAIT(starts_children(depth - 1));
}

TEST(ObserveAwait, NestsDeeperThanItsLimit) {
  MemoryDestination memory;

  EXPECT_EQ(run(starts_children(100)), 100);

  for (int depth = 0; depth < 100; ++depth) {
    EXPECT_EQ(named(memory, "level " + std::to_string(depth)).parent_id,
              named(memory, "level " + std::to_string(depth + 1)).id);
  }
  EXPECT_FALSE(llmtrace::current_observation());
}

}  // namespace
