#include "collector/http_server.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

namespace llmtrace::collector {
namespace {

// The memory of one connection for headers and transfer; the header limit itself is HttpExchange's.
constexpr std::size_t kConnectionMemoryBytes = 48 * 1024;

[[noreturn]] void throw_system_error(const std::string& action, std::uint16_t port) {
  throw std::runtime_error(action + " loopback port " + std::to_string(port) +
                           " failed: " + std::strerror(errno));
}

sockaddr_storage loopback_address(LoopbackAddress address, std::uint16_t port) {
  sockaddr_storage storage{};
  if (address == LoopbackAddress::Ipv4) {
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(port);
    ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::memcpy(&storage, &ipv4, sizeof ipv4);
  } else {
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(port);
    ipv6.sin6_addr = in6addr_loopback;
    std::memcpy(&storage, &ipv6, sizeof ipv6);
  }
  return storage;
}

// The socket is opened here, not by the library, so that the port is known before the first
// request.
int listen_on_loopback(LoopbackAddress address, std::uint16_t port) {
  const sockaddr_storage where = loopback_address(address, port);
  const int listener = ::socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) throw_system_error("opening a socket for", port);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const socklen_t size =
      address == LoopbackAddress::Ipv4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&where), size) != 0 ||
      ::listen(listener, SOMAXCONN) != 0) {
    const int error = errno;
    ::close(listener);
    errno = error;
    throw_system_error("listening on", port);
  }
  return listener;
}

std::uint16_t bound_port(int listener) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&bound), &size);
  if (bound.ss_family == AF_INET6) {
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, &bound, sizeof ipv6);
    return ntohs(ipv6.sin6_port);
  }
  sockaddr_in ipv4{};
  std::memcpy(&ipv4, &bound, sizeof ipv4);
  return ntohs(ipv4.sin_port);
}

// libmicrohttpd calls this once with the headers, once for each piece of the body, once at its end.
// Nothing may be thrown through its C frames: a failure to begin closes the connection.
MHD_Result on_request(void* settings, MHD_Connection* connection, const char* path,
                      const char* method, const char*, const char* upload, std::size_t* upload_size,
                      void** state) noexcept {
  try {
    auto* exchange = static_cast<HttpExchange*>(*state);
    if (exchange == nullptr) {
      auto owned = std::make_unique<HttpExchange>(
          *static_cast<const HttpExchangeSettings*>(settings), *connection);
      exchange = owned.release();
      *state = exchange;  // the library keeps it for us; on_completed takes it back
      return exchange->begin(method, path) ? MHD_YES : MHD_NO;
    }
    if (*upload_size == 0) return exchange->finish() ? MHD_YES : MHD_NO;
    const std::size_t size = *upload_size;
    *upload_size = 0;
    return exchange->receive({upload, size}) ? MHD_YES : MHD_NO;
  } catch (const std::exception&) {
    return MHD_NO;
  }
}

void on_completed(void*, MHD_Connection*, void** state, MHD_RequestTerminationCode) {
  const std::unique_ptr<HttpExchange> exchange(static_cast<HttpExchange*>(*state));
  *state = nullptr;
}

}  // namespace

HttpServer::HttpServer(const HttpServerOptions& options, HttpHandler& handler) {
  const int listener = listen_on_loopback(options.address, options.port);
  port_ = bound_port(listener);
  settings_ = {.handler = &handler,
               .port = port_,
               .idle_timeout = options.idle_timeout,
               .keep_alive = options.keep_alive};
  unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD;
  if (options.address == LoopbackAddress::Ipv6) flags |= MHD_USE_IPv6;
  daemon_.reset(MHD_start_daemon(
      flags, port_, nullptr, nullptr, &on_request, &settings_,  //
      MHD_OPTION_LISTEN_SOCKET, listener,                       //
      MHD_OPTION_THREAD_POOL_SIZE, options.threads,             //
      MHD_OPTION_CONNECTION_LIMIT, options.connection_limit,    //
      MHD_OPTION_CONNECTION_TIMEOUT, static_cast<unsigned>(options.idle_timeout.count()),
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionMemoryBytes,  //
      MHD_OPTION_STRICT_FOR_CLIENT, 1,                             //
      MHD_OPTION_NOTIFY_COMPLETED, &on_completed, nullptr, MHD_OPTION_END));
  if (!daemon_) throw_system_error("serving on", port_);
}

HttpServer::~HttpServer() = default;

void HttpServer::StopDaemon::operator()(MHD_Daemon* daemon) const noexcept {
  MHD_stop_daemon(daemon);
}

}  // namespace llmtrace::collector
