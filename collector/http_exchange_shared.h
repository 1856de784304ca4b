// What all exchanges of a server share: its limits, its workers and its open streams.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "collector/event_stream.h"
#include "collector/http_handler.h"
#include "collector/request_guard.h"
#include "collector/worker_pool.h"

namespace llmtrace::collector {

struct HttpExchangeSettings {
  std::chrono::seconds idle_timeout{5};
  std::chrono::seconds keep_alive{110};
  unsigned body_workers = 4;
  unsigned read_workers = 3;
};

class HttpExchangeShared {
 public:
  HttpExchangeShared(HttpHandler& handler, const HttpExchangeSettings& settings);

  /// Remembers an open stream, so that the server's end can end it.
  void add(const std::shared_ptr<EventStream>& stream);
  /// Answers what is waiting and ends the streams. Nothing is answered by the handler afterwards.
  void stop();

  HttpHandler& handler;
  const std::chrono::seconds idle_timeout;
  const std::chrono::seconds keep_alive;
  HostNames hosts{};  // set before the first request
  /// Requests with a body, which may take long, and those without do not wait for each other.
  WorkerPool body_workers;
  WorkerPool read_workers;
  /// The bodies that are being received or answered, all together.
  std::atomic<std::size_t> buffered_bytes{0};

 private:
  std::mutex mutex_;  // guards the two that follow
  std::vector<std::weak_ptr<EventStream>> streams_;
  bool is_stopped_ = false;
};

}  // namespace llmtrace::collector
