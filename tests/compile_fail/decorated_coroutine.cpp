// The decorator ends before a coroutine runs.
// EXPECT: the body form and the decorator end before a coroutine runs
#include <llmtrace/observe.h>

struct Awaitable {
  bool await_ready() const { return true; }
  void await_suspend(std::coroutine_handle<>) const {}
  int await_resume() const { return 1; }
};
Awaitable start();

void work() {
  const auto traced = llmtrace::observe([] { return start().await_resume(); }, {.name = "start"});
  traced();
#ifdef MUST_FAIL
  llmtrace::observe(start, {.name = "start"})();
#endif
}
