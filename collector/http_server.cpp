#include "collector/http_server.h"

#include <arpa/inet.h>
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

#include "common/src/http_text.h"

namespace llmtrace::collector {
namespace {

// The memory of one connection for headers and transfer; the header limit itself is HttpExchange's.
constexpr std::size_t kConnectionMemoryBytes = 48 * 1024;

[[noreturn]] void throw_system_error(const std::string& action, const std::string& address,
                                     std::uint16_t port) {
  const std::string problem = std::strerror(errno);
  throw std::runtime_error(action + " " + host_of_address(address) + " port " +
                           std::to_string(port) + " failed: " + problem);
}

// An address and its length.
struct Place {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Place place_of(const std::string& address, std::uint16_t port) {
  Place place;
  sockaddr_in ipv4{};
  sockaddr_in6 ipv6{};
  if (inet_pton(AF_INET, address.c_str(), &ipv4.sin_addr) == 1) {
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(port);
    std::memcpy(&place.storage, &ipv4, sizeof ipv4);
    place.size = sizeof ipv4;
  } else if (inet_pton(AF_INET6, address.c_str(), &ipv6.sin6_addr) == 1) {
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = htons(port);
    std::memcpy(&place.storage, &ipv6, sizeof ipv6);
    place.size = sizeof ipv6;
  } else {
    throw std::runtime_error("cannot listen on '" + address + "': give an IPv4 or IPv6 address");
  }
  return place;
}

// The socket is opened here, not by the library, so that the port is known before the first
// request.
int listen_on(const std::string& address, std::uint16_t port) {
  const Place place = place_of(address, port);
  const int listener =
      ::socket(place.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) throw_system_error("opening a socket for", address, port);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&place.storage), place.size) != 0 ||
      ::listen(listener, SOMAXCONN) != 0) {
    const int error = errno;
    ::close(listener);
    errno = error;
    throw_system_error("listening on", address, port);
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
MHD_Result on_request(void* shared, MHD_Connection* connection, const char* path,
                      const char* method, const char*, const char* upload, std::size_t* upload_size,
                      void** state) noexcept {
  try {
    auto* exchange = static_cast<HttpExchange*>(*state);
    if (exchange == nullptr) {
      auto owned =
          std::make_unique<HttpExchange>(*static_cast<HttpExchangeShared*>(shared), *connection);
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

void on_connection(void* connections, MHD_Connection* connection, void**,
                   MHD_ConnectionNotificationCode what) noexcept {
  const int socket =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
  auto& open = *static_cast<OpenConnections*>(connections);
  try {
    what == MHD_CONNECTION_NOTIFY_STARTED ? open.add(socket) : open.remove(socket);
  } catch (const std::exception&) {  // no memory: it ends with the library
  }
}

}  // namespace

std::string host_of_address(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

bool is_loopback_address(const std::string& address) {
  return is_loopback_url("http://" + host_of_address(address));
}

namespace {

// The library would end a path at "%00", and so find another: left as it is, it names nothing.
std::size_t unescape(void* /*closure*/, MHD_Connection* /*connection*/, char* text) {
  return std::strstr(text, "%00") == nullptr ? MHD_http_unescape(text) : std::strlen(text);
}

}  // namespace

HttpServer::HttpServer(const HttpServerOptions& options, HttpHandler& handler)
    : shared_(handler, {.idle_timeout = options.idle_timeout,
                        .keep_alive = options.keep_alive,
                        .body_workers = options.body_workers,
                        .read_workers = options.read_workers}) {
  const int listener = listen_on(options.address, options.port);
  port_ = bound_port(listener);
  shared_.hosts = {.port = port_,
                   .names = options.names,
                   .takes_any_address = options.address == "0.0.0.0" || options.address == "::"};
  shared_.hosts.names.push_back(host_of_address(options.address));
  unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
  if (options.address.find(':') != std::string::npos) flags |= MHD_USE_IPv6;
  daemon_.reset(MHD_start_daemon(
      flags, port_, nullptr, nullptr, &on_request, &shared_,  //
      MHD_OPTION_LISTEN_SOCKET, listener,                     //
      MHD_OPTION_THREAD_POOL_SIZE, options.threads,           //
      MHD_OPTION_CONNECTION_LIMIT, options.connection_limit,  //
      MHD_OPTION_CONNECTION_TIMEOUT, static_cast<unsigned>(options.idle_timeout.count()),
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionMemoryBytes,  //
      MHD_OPTION_STRICT_FOR_CLIENT, 1,                             //
      MHD_OPTION_UNESCAPE_CALLBACK, &unescape, nullptr,            //
      MHD_OPTION_NOTIFY_COMPLETED, &on_completed, nullptr,         //
      MHD_OPTION_NOTIFY_CONNECTION, &on_connection, &connections_, MHD_OPTION_END));
  if (!daemon_) throw_system_error("serving on", options.address, port_);
}

// The library must not end while connections sleep: those that wait for an answer get it, and the
// streams end. Nor while one is read: a request that libmicrohttpd 0.9.75 refuses by itself while
// it ends, for its headers are too large, makes it use a response that is not there.
HttpServer::~HttpServer() {
  constexpr std::chrono::seconds kMostWait(1);
  shared_.stop();
  const int listener = MHD_quiesce_daemon(daemon_.get());
  connections_.end(kMostWait);
  daemon_.reset();
  ::close(listener);
}

void HttpServer::StopDaemon::operator()(MHD_Daemon* daemon) const noexcept {
  MHD_stop_daemon(daemon);
}

}  // namespace llmtrace::collector
