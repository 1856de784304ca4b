// HttpServer is the HTTP/1.1 server of the collector, on libmicrohttpd with epoll. It listens on
// loopback only, and a client can make it neither wait nor grow without bound: header, body,
// connection and idle limits are below. The handler is called on the server's own threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "collector/http_exchange.h"
#include "collector/http_handler.h"

struct MHD_Daemon;

namespace llmtrace::collector {

enum class LoopbackAddress { Ipv4, Ipv6 };

struct HttpServerOptions {
  LoopbackAddress address = LoopbackAddress::Ipv4;
  std::uint16_t port = 0;  // 0 = a free one, see port()
  /// How long a connection may be silent inside a request.
  std::chrono::seconds idle_timeout{5};
  /// How long a connection may be silent after a request that was served: as long as the real
  /// server keeps it, so that a client's pooled connection is not closed under its next request.
  std::chrono::seconds keep_alive{110};
  /// Room enough that 500 connections which send nothing do not lock other clients out.
  unsigned connection_limit = 900;
  unsigned threads = 2;
};

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

  HttpExchangeSettings settings_;
  std::uint16_t port_ = 0;
  std::unique_ptr<MHD_Daemon, StopDaemon> daemon_;
};

}  // namespace llmtrace::collector
