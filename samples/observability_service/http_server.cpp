#include "samples/observability_service/http_server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <utility>

#include "samples/observability_service/http_exchange.h"

namespace service {
namespace {

constexpr std::size_t kConnectionMemoryBytes = std::size_t{48} << 10;
// Longer than a client takes between an answer and its next request on the same connection.
constexpr std::chrono::milliseconds kSilence(500);
// Longer than the library takes to tell of a connection that it has accepted.
constexpr std::chrono::milliseconds kUntold(50);

// The socket is opened here, not by the library, so that the port is known before the first
// request.
int listen_on_loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  if (listener < 0 || ::bind(listener, generic, sizeof address) != 0 ||
      ::listen(listener, SOMAXCONN) != 0) {
    const std::string reason = std::strerror(errno);
    if (listener >= 0) ::close(listener);
    throw std::runtime_error("listening on 127.0.0.1:" + std::to_string(port) +
                             " failed: " + reason);
  }
  return listener;
}

std::uint16_t bound_port(int listener) {
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&bound), &size);
  return ntohs(bound.sin_port);
}

// libmicrohttpd calls this once with the headers, once for each piece of the body, once at its end.
// Nothing may be thrown through its C frames.
MHD_Result on_request(void* server, MHD_Connection* connection, const char* path,
                      const char* method, const char*, const char* upload, std::size_t* upload_size,
                      void** state) noexcept {
  try {
    auto* exchange = static_cast<HttpExchange*>(*state);
    if (exchange == nullptr) {
      auto owned = std::make_unique<HttpExchange>(*static_cast<HttpServer*>(server), *connection);
      exchange = owned.release();
      *state = exchange;  // on_completed takes it back
      return exchange->begin(method, path) ? MHD_YES : MHD_NO;
    }
    if (*upload_size == 0) return exchange->finish() ? MHD_YES : MHD_NO;
    const std::size_t size = std::exchange(*upload_size, 0);
    return exchange->receive({upload, size}) ? MHD_YES : MHD_NO;
  } catch (const std::exception&) {
    return MHD_NO;
  }
}

void on_completed(void*, MHD_Connection*, void** state, MHD_RequestTerminationCode) {
  delete static_cast<HttpExchange*>(std::exchange(*state, nullptr));
}

void on_connection(void* closure, MHD_Connection* connection, void**,
                   MHD_ConnectionNotificationCode what) noexcept {
  const int socket =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
  auto& traffic = *static_cast<Traffic*>(closure);
  try {
    what == MHD_CONNECTION_NOTIFY_STARTED ? traffic.connection_opened(socket)
                                          : traffic.connection_closed(socket);
  } catch (const std::exception&) {  // no memory: it ends with the library
  }
}

// Those that the system has accepted for us and that may have sent something.
void take_waiting_connections(MHD_Daemon& daemon, int listener) {
  for (;;) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    const int connection = ::accept4(listener, generic, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0) return;
    MHD_add_connection(&daemon, connection, generic, size);  // closes it when it cannot
  }
}

}  // namespace

void Traffic::connection_opened(int socket) {
  {
    const std::lock_guard lock(mutex_);
    connections_.insert(socket);
    ++changes_;
    if (is_ending_) ::shutdown(socket, SHUT_RD);
  }
  changed_.notify_all();
}

void Traffic::connection_closed(int socket) {
  {
    const std::lock_guard lock(mutex_);
    connections_.erase(socket);
    ++changes_;
  }
  changed_.notify_all();
}

void Traffic::request_changed(int change) {
  {
    const std::lock_guard lock(mutex_);
    requests_ += change;
    ++changes_;
  }
  changed_.notify_all();
}

bool Traffic::wait_for_end(std::chrono::steady_clock::time_point deadline,
                           std::chrono::milliseconds idle) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) return requests_ == 0;
    const std::uint64_t seen = changes_;
    const auto silence = connections_.empty() ? kUntold : idle;
    const auto until = requests_ == 0 ? std::min(deadline, now + silence) : deadline;
    const bool is_changed = changed_.wait_until(lock, until, [&] { return changes_ != seen; });
    if (!is_changed && requests_ == 0) return true;
  }
}

void Traffic::end_connections(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  is_ending_ = true;
  for (const int socket : connections_) ::shutdown(socket, SHUT_RD);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  changed_.wait_until(lock, deadline, [this] { return connections_.empty(); });
  // Of those that were accepted last the library may not have told yet.
  for (std::uint64_t seen = changes_;; seen = changes_) {
    const auto until = std::min(deadline, std::chrono::steady_clock::now() + kUntold);
    const bool is_changed = changed_.wait_until(lock, until, [&] { return changes_ != seen; });
    if (std::chrono::steady_clock::now() >= deadline) return;
    if (!is_changed && connections_.empty()) return;
  }
}

HttpServer::HttpServer(const HttpServerOptions& options, HttpHandler& handler)
    : options_(options), handler_(handler) {
  const int listener = listen_on_loopback(options.port);
  port_ = bound_port(listener);
  daemon_.reset(MHD_start_daemon(
      MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC, port_, nullptr,
      nullptr, &on_request, this,                              //
      MHD_OPTION_LISTEN_SOCKET, listener,                      //
      MHD_OPTION_CONNECTION_LIMIT, options_.connection_limit,  //
      MHD_OPTION_CONNECTION_TIMEOUT, static_cast<unsigned>(options_.idle_timeout.count()),
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionMemoryBytes,  //
      MHD_OPTION_STRICT_FOR_CLIENT, 1,                             //
      MHD_OPTION_NOTIFY_COMPLETED, &on_completed, nullptr,         //
      MHD_OPTION_NOTIFY_CONNECTION, &on_connection, &traffic_, MHD_OPTION_END));
  if (!daemon_) {
    ::close(listener);
    throw std::runtime_error("serving on " + url() + " failed");
  }
}

// A request that libmicrohttpd 0.9.75 refuses by itself while it ends, for its headers are too
// large, makes it use a response that is not there: so its connections end before it does.
HttpServer::~HttpServer() {
  constexpr std::chrono::seconds kMostWait(1);
  drain(std::chrono::milliseconds(0));
  traffic_.end_connections(kMostWait);
}

bool HttpServer::drain(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  if (std::exchange(is_listening_, false)) {
    const int listener = MHD_quiesce_daemon(daemon_.get());
    take_waiting_connections(*daemon_, listener);
    // Closing alone leaves it open for as long as the library's thread waits on it.
    ::shutdown(listener, SHUT_RDWR);
    ::close(listener);
  }
  // Not before the listener is closed: who is told to come again then is refused, not cut off.
  draining_ = true;
  return traffic_.wait_for_end(deadline, kSilence);
}

void HttpServer::StopDaemon::operator()(MHD_Daemon* daemon) const noexcept {
  MHD_stop_daemon(daemon);
}

}  // namespace service
