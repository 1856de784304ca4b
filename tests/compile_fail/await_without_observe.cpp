// OBSERVE_AWAIT keeps the context of the coroutine's own scope: without one there is nothing to keep.
// EXPECT: llmtrace_scope_
#include <llmtrace/observe.h>

struct Ready {
  bool await_ready() const { return true; }
  void await_suspend(std::coroutine_handle<>) const {}
  void await_resume() const {}
};

struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
};

Task work() {
#ifndef MUST_FAIL
  OBSERVE();
#endif
  co_await OBSERVE_AWAIT(Ready());
}
