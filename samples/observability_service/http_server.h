// HttpServer is an HTTP/1.1 server on libmicrohttpd for handlers that wait for other servers: a
// thread per connection, on the loopback interface only. Headers, bodies, connections and silence
// have bounds, so that a client can make it neither wait nor grow without end.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "samples/observability_service/http_message.h"

struct MHD_Daemon;

namespace service {

struct HttpServerOptions {
  std::uint16_t port = 0;  ///< 0: a free one, see port()
  std::size_t body_limit_bytes = std::size_t{1} << 20;
  unsigned connection_limit = 512;
  /// How long a connection may be silent inside a request, and between two.
  std::chrono::seconds idle_timeout{10};
  std::chrono::seconds keep_alive{60};
};

/// Which connections are open and how many requests are under way; for `drain` and the end.
class Traffic {
 public:
  void connection_opened(int socket);
  /// To be called before `socket` is closed.
  void connection_closed(int socket);
  void request_changed(int change);
  /// True when nothing is under way, and what is open has been silent for `idle`, if anything is.
  /// False when the deadline came first.
  bool wait_for_end(std::chrono::steady_clock::time_point deadline, std::chrono::milliseconds idle);
  /// Nothing more is read from any connection, nor from one that is told of later. Returns when all
  /// are closed, or after `limit`.
  void end_connections(std::chrono::milliseconds limit);

 private:
  std::mutex mutex_;  // guards what is below
  std::condition_variable changed_;
  std::set<int> connections_;  // their sockets
  bool is_ending_ = false;
  int requests_ = 0;
  std::uint64_t changes_ = 0;
};

class HttpServer {
 public:
  /// Listens at once; `handler` must outlive the server. Throws std::runtime_error when it cannot.
  HttpServer(const HttpServerOptions& options, HttpHandler& handler);
  /// Closes all connections: answers that take longer than a second are cut off.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// Takes no new connection, answers what is under way and what still comes on the open ones, and
  /// closes each after its answer. False when something was under way at the end of `timeout`; it
  /// may be called again then, by the same thread.
  bool drain(std::chrono::milliseconds timeout);

 private:
  friend class HttpExchange;
  struct StopDaemon {
    void operator()(MHD_Daemon* daemon) const noexcept;
  };

  const HttpServerOptions options_;
  HttpHandler& handler_;
  std::uint16_t port_ = 0;
  Traffic traffic_;
  bool is_listening_ = true;
  std::atomic<bool> draining_{false};
  std::unique_ptr<MHD_Daemon, StopDaemon> daemon_;
};

}  // namespace service
