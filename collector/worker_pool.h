// WorkerPool runs tasks on threads of its own, in the order in which they come. What a request
// takes long for (unpacking, decoding, waiting for the disk) happens here, so that the threads that
// read and write sockets never wait.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace llmtrace::collector {

class WorkerPool {
 public:
  explicit WorkerPool(unsigned threads);
  ~WorkerPool() { stop(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False when the pool has been stopped; the task is not run then. A task throws nothing.
  bool post(std::function<void()> task);
  /// Runs what was posted to its end and joins the threads.
  void stop();

 private:
  void work();

  std::mutex mutex_;  // guards the two that follow
  std::deque<std::function<void()>> tasks_;
  bool is_stopped_ = false;
  std::condition_variable changed_;
  std::vector<std::thread> threads_;
};

}  // namespace llmtrace::collector
