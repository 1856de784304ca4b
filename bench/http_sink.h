// HttpSink is a loopback HTTP/1.1 server on one thread: epoll, keep-alive, bodies with a
// Content-Length. It acknowledges at once (TCP_QUICKACK), so that no client's Nagle algorithm is
// part of the measurement. With a delay, every reply waits that long after its request was read, as
// a far or busy server does.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "bench/sink_service.h"

namespace llmtrace::bench {

class HttpSink {
 public:
  /// Listens on 127.0.0.1; port 0 picks a free one. Throws std::system_error.
  HttpSink(std::uint16_t port, std::chrono::milliseconds delay);
  ~HttpSink();
  HttpSink(const HttpSink&) = delete;
  HttpSink& operator=(const HttpSink&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  /// Serves until the process ends.
  [[noreturn]] void run();

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Connection;
  struct DelayedReply {
    Time due;
    std::uint64_t connection;
    std::string bytes;
  };

  void accept_all();
  void read(std::uint64_t id);
  bool receive(Connection& connection);
  bool serve(std::uint64_t id, Connection& connection);
  bool reply(std::uint64_t id, Connection& connection, std::string bytes);
  void send_due();
  int wait_milliseconds() const;

  const std::chrono::milliseconds delay_;
  SinkService service_;
  int listener_ = -1;
  int epoll_ = -1;
  std::uint16_t port_ = 0;
  std::uint64_t next_id_ = 1;  // 0 is the listener
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::deque<DelayedReply> delayed_;  // the delay is the same for all: in order of time
};

}  // namespace llmtrace::bench
