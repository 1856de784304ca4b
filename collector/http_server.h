// HttpServer is the HTTP/1.1 server of the collector, on libmicrohttpd with epoll. It listens on
// loopback unless told another address, and a client can make it neither wait nor grow without
// bound: header, body, connection and idle limits are below. The handler is asked whether to admit
// a request on the threads that read sockets, and to answer on threads of two pools.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "collector/http_exchange.h"
#include "collector/http_handler.h"
#include "collector/open_connections.h"

struct MHD_Daemon;

namespace llmtrace::collector {

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // IPv4 or IPv6
  std::uint16_t port = 0;             // 0 = a free one, see port()
  /// Names beside loopback's and the address itself by which clients call the server.
  std::vector<std::string> names{};
  /// How long a connection may be silent inside a request.
  std::chrono::seconds idle_timeout{5};
  /// How long a connection may be silent after a request that was served: as long as the real
  /// server keeps it, so that a client's pooled connection is not closed under its next request.
  std::chrono::seconds keep_alive{110};
  /// Room enough that 500 connections which send nothing do not lock other clients out.
  unsigned connection_limit = 900;
  unsigned threads = 2;
  unsigned body_workers = 4;
  unsigned read_workers = 3;
};

/// "[::1]" for "::1"; others as they are.
std::string host_of_address(const std::string& address);
bool is_loopback_address(const std::string& address);

class HttpServer {
 public:
  /// Listens at once; `handler` must outlive the server. Throws std::runtime_error when it cannot.
  HttpServer(const HttpServerOptions& options, HttpHandler& handler);
  /// Closes all connections and joins the threads.
  ~HttpServer();

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  struct StopDaemon {
    void operator()(MHD_Daemon* daemon) const noexcept;
  };

  HttpExchangeShared shared_;
  OpenConnections connections_;
  std::uint16_t port_ = 0;
  std::unique_ptr<MHD_Daemon, StopDaemon> daemon_;
};

}  // namespace llmtrace::collector
