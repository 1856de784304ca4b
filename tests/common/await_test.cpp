#include <gtest/gtest.h>
#include <llmtrace/await.h>
#include <llmtrace/observe.h>
#include <llmtrace/testing.h>

#include <coroutine>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using llmtrace::Level;
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

// A lazy task with symmetric transfer, as coroutine libraries have it.
template <class Value>
class Task {
 public:
  struct promise_type {
    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Awaiter {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
          return self.promise().continuation;
        }
        void await_resume() noexcept {}
      };
      return Awaiter();
    }
    void unhandled_exception() { error = std::current_exception(); }
    template <class Result>
    void return_value(Result&& result) {
      value.emplace(std::forward<Result>(result));
    }

    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::exception_ptr error;
    std::optional<Value> value;
  };

  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return handle_.done(); }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> continuation) noexcept {
    handle_.promise().continuation = continuation;
    return handle_;
  }
  Value await_resume() {
    if (handle_.promise().error) std::rethrow_exception(handle_.promise().error);
    return std::move(*handle_.promise().value);
  }

  void start() { handle_.resume(); }
  bool done() const { return handle_.done(); }
  Value get() { return await_resume(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

template <class Value>
Value run(Task<Value> task) {
  task.start();
  EXPECT_TRUE(task.done());
  return task.get();
}

// Resumes its coroutine on a new thread; `join` waits for all of them.
class Threads {
 public:
  auto hop() {
    struct Awaiter {
      Threads& threads;
      bool await_ready() { return false; }
      void await_suspend(std::coroutine_handle<> self) {
        threads.threads_.emplace_back([self] { self.resume(); });
      }
      void await_resume() {}
    };
    return Awaiter{*this};
  }
  void join() {
    for (std::size_t i = 0; i < threads_.size(); ++i) threads_[i].join();
    threads_.clear();
  }

 private:
  std::deque<std::thread> threads_;
};

// One thread that runs what was posted.
class Loop {
 public:
  auto next_turn() {
    struct Awaiter {
      Loop& loop;
      bool await_ready() { return false; }
      void await_suspend(std::coroutine_handle<> self) {
        loop.post([self] { self.resume(); });
      }
      void await_resume() {}
    };
    return Awaiter{*this};
  }
  // The same, in the context of who awaits.
  auto next_turn_in_context() {
    struct Awaiter {
      Loop& loop;
      bool await_ready() { return false; }
      void await_suspend(std::coroutine_handle<> self) {
        loop.post(llmtrace::bind([self] { self.resume(); }));
      }
      void await_resume() {}
    };
    return Awaiter{*this};
  }
  void post(std::function<void()> turn) { turns_.push_back(std::move(turn)); }
  void run() {
    while (!turns_.empty()) {
      const std::function<void()> turn = std::move(turns_.front());
      turns_.pop_front();
      turn();
      EXPECT_FALSE(llmtrace::current_observation()) << "a turn left its context behind";
    }
  }

 private:
  std::deque<std::function<void()>> turns_;
};

// ---- Suspension and resumption
// ----------------------------------------------------------------------

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

// ---- Children
// ---------------------------------------------------------------------------------------

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
