// OpenConnections knows the sockets that the HTTP library serves, so that a server can end them one
// by one before it ends the library. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>

namespace llmtrace::collector {

class OpenConnections {
 public:
  void add(int socket);
  /// To be called before `socket` is closed.
  void remove(int socket);

  /// Nothing more is read from any of them, nor from what is added later: replies under way are
  /// still sent, then they close. Returns when all have, or after `limit`.
  void end(std::chrono::milliseconds limit);

 private:
  std::mutex mutex_;  // guards the others
  std::condition_variable changed_;
  std::set<int> sockets_;
  bool is_ending_ = false;
};

}  // namespace llmtrace::collector
