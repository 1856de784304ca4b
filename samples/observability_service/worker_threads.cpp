#include "samples/observability_service/worker_threads.h"

#include <exception>
#include <utility>

namespace service {

WorkerThreads::~WorkerThreads() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
}

std::future<void> WorkerThreads::run(std::function<void()> work) {
  Work next{std::move(work), {}};
  std::future<void> done = next.done.get_future();
  {
    const std::lock_guard lock(mutex_);
    // Those that wait in the queue have an idle thread each, which is on its way to them.
    if (idle_ <= waiting_.size()) {
      threads_.emplace_back([this] { serve(); });
      ++idle_;
    }
    waiting_.push_back(std::move(next));
  }
  changed_.notify_one();
  return done;
}

void WorkerThreads::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !waiting_.empty() || is_ending_; });
    if (waiting_.empty()) return;
    --idle_;
    Work work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    std::exception_ptr failure;
    try {
      work.run();
    } catch (...) {
      failure = std::current_exception();
    }
    work.run = nullptr;  // what it holds goes before anybody is told
    lock.lock();
    ++idle_;  // who is told and has more work finds this thread
    failure ? work.done.set_exception(failure) : work.done.set_value();
  }
}

}  // namespace service
