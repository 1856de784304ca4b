#include "collector/open_connections.h"

#include <sys/socket.h>

namespace llmtrace::collector {

void OpenConnections::add(int socket) {
  const std::lock_guard lock(mutex_);
  sockets_.insert(socket);
  if (is_ending_) ::shutdown(socket, SHUT_RD);
}

void OpenConnections::remove(int socket) {
  const std::lock_guard lock(mutex_);
  sockets_.erase(socket);
  changed_.notify_all();
}

void OpenConnections::end(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  is_ending_ = true;
  for (const int socket : sockets_) ::shutdown(socket, SHUT_RD);
  changed_.wait_for(lock, limit, [this] { return sockets_.empty(); });
}

}  // namespace llmtrace::collector
