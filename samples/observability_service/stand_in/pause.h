// Pause is a wait that the end of the program ends. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace stand_in {

class Pause {
 public:
  /// False when `end` was called before the time was over.
  bool wait(std::chrono::milliseconds duration) {
    if (duration.count() <= 0) return true;
    std::unique_lock lock(mutex_);
    return !ended_changed_.wait_for(lock, duration, [this] { return is_ended_; });
  }
  void end() {
    {
      const std::lock_guard lock(mutex_);
      is_ended_ = true;
    }
    ended_changed_.notify_all();
  }

 private:
  std::mutex mutex_;  // guards is_ended_
  std::condition_variable ended_changed_;
  bool is_ended_ = false;
};

}  // namespace stand_in
