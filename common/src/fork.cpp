#include "common/src/fork.h"

#include <pthread.h>

#include <atomic>
#include <mutex>

#include "common/src/propagator.h"
#include "common/src/registry.h"

namespace llmtrace {
inline namespace v0 {

void abandon_transports_after_fork() noexcept;

namespace {

std::atomic<unsigned> fork_generation{0};

void before_fork() {
  registry_mutex().lock();
  propagators_mutex().lock();
}

void in_parent() {
  propagators_mutex().unlock();
  registry_mutex().unlock();
}

void in_child() {
  fork_generation.fetch_add(1, std::memory_order_relaxed);
  abandon_transports_after_fork();
  propagators_mutex().unlock();
  registry_mutex().unlock();
}

}  // namespace

unsigned current_fork_generation() noexcept {
  return fork_generation.load(std::memory_order_relaxed);
}

void install_fork_handlers() {
  static std::once_flag once;
  std::call_once(once, [] { pthread_atfork(before_fork, in_parent, in_child); });
}

}  // namespace v0
}  // namespace llmtrace
