// Coroutines as libraries have them: a lazy task, and two ways to suspend it.
#pragma once

#include <gtest/gtest.h>
#include <llmtrace/observe.h>

#include <coroutine>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <thread>
#include <utility>

namespace llmtrace_tests {

// With symmetric transfer.
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

// Hands the suspended coroutine to `take`.
template <class Take>
struct Suspension {
  Take take;
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<> self) { take(self); }
  void await_resume() {}
};
template <class Take>
Suspension(Take) -> Suspension<Take>;

// Resumes its coroutine on a new thread; `join` waits for all of them.
class Threads {
 public:
  auto hop() {
    return Suspension{[this](std::coroutine_handle<> self) { threads_.emplace_back(self); }};
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
    return Suspension{[this](std::coroutine_handle<> self) { post(self); }};
  }
  // The same, in the context of who awaits.
  auto next_turn_in_context() {
    return Suspension{[this](std::coroutine_handle<> self) { post(llmtrace::bind(self)); }};
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

}  // namespace llmtrace_tests
