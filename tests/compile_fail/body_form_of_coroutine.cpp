// The body form ends before a coroutine runs.
// EXPECT: the body form and the decorator end before a coroutine runs
#include <llmtrace/observe.h>

struct Awaitable {
  bool await_ready() const { return true; }
  void await_suspend(std::coroutine_handle<>) const {}
  int await_resume() const { return 1; }
};

#ifdef MUST_FAIL
Awaitable work() {
  OBSERVE_BODY() { return Awaitable(); };
}
#else
int work() {
  OBSERVE_BODY() { return Awaitable().await_resume(); };
}
#endif
