// WorkerThreads are kept from one piece of work to the next: a new thread for each would begin with
// empty caches, of malloc's as of llmtrace's.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

namespace service {

/// As many threads as there was ever work at once. All functions: from any thread.
class WorkerThreads {
 public:
  WorkerThreads() = default;
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;
  /// Waits for all work that was given.
  ~WorkerThreads();

  /// Begins the work at once; what it throws is in the future. Throws std::system_error when there
  /// is no thread to be had.
  std::future<void> run(std::function<void()> work);

 private:
  struct Work {
    std::function<void()> run;
    std::promise<void> done;
  };

  void serve();

  std::mutex mutex_;  // guards all but the threads' ends
  std::condition_variable changed_;
  std::deque<Work> waiting_;
  std::size_t idle_ = 0;
  bool is_ending_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace service
