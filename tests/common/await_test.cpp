// OBSERVE_AWAIT across suspension and resumption, and over every kind of awaitable.
#include <gtest/gtest.h>
#include <llmtrace/await.h>
#include <llmtrace/observe.h>

#include <coroutine>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

#include "tests/common/coroutines.h"
#include "tests/common/recorded.h"

namespace {

using llmtrace::Level;
using namespace llmtrace_tests;  // NOLINT(google-build-using-namespace): the tests' own helpers

Task<int> hops(Threads& threads) {
  OBSERVE();
  const std::string mine = llmtrace::current_observation().id();
  co_await OBSERVE_AWAIT(threads.hop());
  EXPECT_EQ(llmtrace::current_observation().id(), mine);
  record("after the hop");
  co_return OBSERVE_OUTPUT(1);
}

TEST(ObserveAwait, KeepsTheContextAcrossAThreadHop) {
  MemoryDestination memory;
  Threads threads;
  Task<int> task = hops(threads);

  task.start();
  EXPECT_FALSE(llmtrace::current_observation()) << "the suspended coroutine left itself current";
  record("meanwhile");
  threads.join();

  EXPECT_EQ(task.get(), 1);
  EXPECT_EQ(named(memory, "after the hop").parent_id, named(memory, "hops").id);
  EXPECT_EQ(named(memory, "meanwhile").parent_id, "");
  EXPECT_EQ(named(memory, "hops").output, "1");
}

Task<int> hops_inside(Threads& threads) {
  OBSERVE();
  const auto propagated = llmtrace::propagate({.user_id = "u"});
  co_await OBSERVE_AWAIT(threads.hop());
  record("propagated");
  co_return 1;
}

TEST(ObserveAwait, KeepsWhatIsPropagated) {
  MemoryDestination memory;
  Threads threads;
  Task<int> task = hops_inside(threads);

  task.start();
  threads.join();

  EXPECT_FALSE(llmtrace::current_observation());
  EXPECT_EQ(named(memory, "propagated").user_id, "u");
  EXPECT_EQ(named(memory, "propagated").parent_id, named(memory, "hops_inside").id);
}

Task<int> turns(Loop& loop, std::string name) {
  OBSERVE_WITH(.name = name);
  for (int i = 0; i < 3; ++i) {
    record(name + " step");
    co_await OBSERVE_AWAIT(loop.next_turn());
    EXPECT_EQ(llmtrace::current_observation().trace_id().empty(), false);
  }
  co_return 0;
}

TEST(ObserveAwait, InterleavedCoroutinesDoNotMix) {
  MemoryDestination memory;
  Loop loop;
  Task<int> first = turns(loop, "first");
  Task<int> second = turns(loop, "second");

  first.start();
  second.start();
  loop.run();

  ASSERT_TRUE(first.done() && second.done());
  const std::string first_id = named(memory, "first").id;
  const std::string second_id = named(memory, "second").id;
  for (const RecordedObservation& observation : memory.observations()) {
    if (observation.name == "first step") {
      EXPECT_EQ(observation.parent_id, first_id);
    }
    if (observation.name == "second step") {
      EXPECT_EQ(observation.parent_id, second_id);
    }
    if (observation.name == "first" || observation.name == "second") {
      EXPECT_EQ(observation.parent_id, "");
    }
  }
  EXPECT_EQ(memory.observations().size(), 8U);
}

Task<int> bound_turns(Loop& loop) {
  OBSERVE();
  co_await OBSERVE_AWAIT(loop.next_turn_in_context());
  record("in a bound turn");
  co_await OBSERVE_AWAIT(loop.next_turn_in_context());
  co_return 0;
}

TEST(ObserveAwait, ABoundTurnLeavesNothingBehind) {
  MemoryDestination memory;
  Loop loop;
  Task<int> task = bound_turns(loop);

  task.start();
  EXPECT_FALSE(llmtrace::current_observation());
  loop.run();

  EXPECT_TRUE(task.done());
  EXPECT_EQ(named(memory, "in a bound turn").parent_id, named(memory, "bound_turns").id);
}

Task<int> suspended_for_ever(Loop& loop) {
  OBSERVE();
  co_await OBSERVE_AWAIT(loop.next_turn());
  co_return 0;
}

TEST(ObserveAwait, ADestroyedCoroutineEndsItsObservation) {
  MemoryDestination memory;
  Loop loop;
  {
    Task<int> task = suspended_for_ever(loop);
    task.start();
  }

  EXPECT_FALSE(llmtrace::current_observation());
  EXPECT_EQ(named(memory, "suspended_for_ever").level, Level::Default);
}

struct DestroysItself {
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> self) { self.destroy(); }
  void await_resume() {}
};
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};
Detached destroyed_in_suspension() {
  OBSERVE();
  co_await OBSERVE_AWAIT(DestroysItself());
}

TEST(ObserveAwait, TheInnerAwaiterMayDestroyTheCoroutine) {
  MemoryDestination memory;
  const auto scope = memory.activate();

  destroyed_in_suspension();

  EXPECT_FALSE(llmtrace::current_observation());
  EXPECT_EQ(memory.observations().size(), 1U);
}

// ---- Awaitables of every kind
// -----------------------------------------------------------------------

struct Ready {
  bool await_ready() { return true; }
  void await_suspend(std::coroutine_handle<>) { ADD_FAILURE() << "was ready"; }
  int await_resume() { return 5; }
};
struct ResumesAtOnce {
  bool await_ready() { return false; }
  bool await_suspend(std::coroutine_handle<>) { return false; }
  int await_resume() { return 6; }
};
struct ReturnsItself {
  bool await_ready() { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> self) { return self; }
  int await_resume() { return 7; }
};
struct WithMember {
  auto operator co_await() { return Ready(); }
};
struct WithFreeFunction {};
auto operator co_await(WithFreeFunction /*value*/) { return ResumesAtOnce(); }
struct GivesAReference {
  int& target;
  bool await_ready() { return true; }
  void await_suspend(std::coroutine_handle<>) {}
  int& await_resume() { return target; }
};
struct GivesAPointer {
  bool await_ready() { return true; }
  void await_suspend(std::coroutine_handle<>) {}
  std::unique_ptr<int> await_resume() { return std::make_unique<int>(8); }
};
struct Pinned {  // an lvalue awaitable that cannot be copied or moved
  Pinned() = default;
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  int times = 0;
  bool await_ready() { return false; }
  bool await_suspend(std::coroutine_handle<>) {
    ++times;
    return false;
  }
  void await_resume() {}
};

Task<int> awaits_everything() {
  OBSERVE();
  const std::string mine = llmtrace::current_observation().id();
  int target = 0;
  Pinned pinned;
  int sum = co_await OBSERVE_AWAIT(Ready());
  sum += co_await OBSERVE_AWAIT(ResumesAtOnce());
  sum += co_await OBSERVE_AWAIT(ReturnsItself());
  sum += co_await OBSERVE_AWAIT(WithMember());
  sum += co_await OBSERVE_AWAIT(WithFreeFunction());
  sum += *co_await OBSERVE_AWAIT(GivesAPointer());
  co_await OBSERVE_AWAIT(pinned);
  co_await OBSERVE_AWAIT(pinned);
  sum += pinned.times;
  int& same = co_await OBSERVE_AWAIT(GivesAReference{target});
  EXPECT_EQ(&same, &target);
  EXPECT_EQ(llmtrace::current_observation().id(), mine);
  co_return sum;
}

TEST(ObserveAwait, TakesEveryKindOfAwaitable) {
  EXPECT_EQ(run(awaits_everything()), 5 + 6 + 7 + 5 + 6 + 8 + 2) << "nothing listens";

  MemoryDestination memory;
  EXPECT_EQ(run(awaits_everything()), 5 + 6 + 7 + 5 + 6 + 8 + 2);

  EXPECT_FALSE(llmtrace::current_observation());
  EXPECT_EQ(memory.observations().size(), 1U);
}

struct RefusesToSuspend {
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<>) { throw std::runtime_error("no more threads"); }
  void await_resume() {}
};
Task<int> survives_a_throwing_awaiter() {
  OBSERVE();
  const std::string mine = llmtrace::current_observation().id();
  bool caught = false;
  try {
    co_await OBSERVE_AWAIT(RefusesToSuspend());
  } catch (const std::runtime_error&) {
    caught = true;
  }
  EXPECT_TRUE(caught);
  EXPECT_EQ(llmtrace::current_observation().id(), mine);
  record("afterwards");
  co_return 0;
}

TEST(ObserveAwait, AThrowingAwaitSuspendLeavesTheContextAlone) {
  MemoryDestination memory;
  const llmtrace::Observation root = llmtrace::start_observation({.name = "root"});
  {
    const auto scope = root.activate();
    run(survives_a_throwing_awaiter());
    EXPECT_EQ(llmtrace::current_observation().id(), root.id());
  }

  EXPECT_EQ(named(memory, "afterwards").parent_id, named(memory, "survives_a_throwing_awaiter").id);
}

}  // namespace
