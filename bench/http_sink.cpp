#include "bench/http_sink.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "bench/http_head.h"

namespace llmtrace::bench {
namespace {

constexpr std::size_t kFirstBufferBytes = std::size_t{256} << 10;
constexpr std::size_t kMaxRequestBytes = std::size_t{64} << 20;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

int listen_on_loopback(std::uint16_t port) {
  const int socket =
      checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  checked(bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  checked(listen(socket, SOMAXCONN), "listen");
  return socket;
}

std::uint16_t port_of(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  checked(getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  return ntohs(address.sin_port);
}

void watch(int epoll, int socket, std::uint64_t id) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = id;
  checked(epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event), "epoll_ctl");
}

void acknowledge_quickly(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

std::string to_bytes(const SinkReply& reply) {
  std::string bytes = "HTTP/1.1 " + std::to_string(reply.status) + " \r\nContent-Type: ";
  bytes.append(reply.content_type);
  bytes.append("\r\nContent-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n");
  return bytes.append(reply.body);
}

}  // namespace

struct HttpSink::Connection {
  explicit Connection(int connected) : socket(connected), buffer(kFirstBufferBytes, '\0') {}
  ~Connection() { close(socket); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int socket;
  std::string buffer;  // its size is the room; `used` bytes were received
  std::size_t used = 0;
  bool replying = false;  // a delayed reply is to come before the next request
};

HttpSink::HttpSink(std::uint16_t port, std::chrono::milliseconds delay)
    : delay_(delay), listener_(listen_on_loopback(port)), port_(port_of(listener_)) {
  epoll_ = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  watch(epoll_, listener_, 0);
}

HttpSink::~HttpSink() {
  close(epoll_);
  close(listener_);
}

void HttpSink::run() {
  std::array<epoll_event, 64> events;
  for (;;) {
    const int count =
        epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_milliseconds());
    for (int i = 0; i < count; ++i) {
      const std::uint64_t id = events[static_cast<std::size_t>(i)].data.u64;
      if (id == 0) {
        accept_all();
      } else {
        read(id);
      }
    }
    send_due();
  }
}

int HttpSink::wait_milliseconds() const {
  if (delayed_.empty()) return -1;
  const auto left = delayed_.front().due - std::chrono::steady_clock::now();
  return static_cast<int>(
      std::max<long>(0, std::chrono::ceil<std::chrono::milliseconds>(left).count()));
}

void HttpSink::accept_all() {
  for (;;) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    acknowledge_quickly(socket);
    service_.count_connection();
    connections_.emplace(next_id_, std::make_unique<Connection>(socket));
    watch(epoll_, socket, next_id_++);
  }
}

void HttpSink::read(std::uint64_t id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& connection = *found->second;
  if (!receive(connection) || !serve(id, connection)) connections_.erase(found);
}

// False when the peer has closed, or sends more than a request may have.
bool HttpSink::receive(Connection& connection) {
  for (;;) {
    const std::size_t room = connection.buffer.size() - connection.used;
    if (room == 0) return connection.buffer.size() < kMaxRequestBytes;
    const ssize_t count =
        recv(connection.socket, connection.buffer.data() + connection.used, room, 0);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK)) return false;
    if (count < 0) {
      acknowledge_quickly(connection.socket);  // the kernel forgets it
      return true;
    }
    connection.used += static_cast<std::size_t>(count);
  }
}

// Answers the requests that are complete; false when the connection is of no more use.
bool HttpSink::serve(std::uint64_t id, Connection& connection) {
  while (!connection.replying) {
    const std::string_view received(connection.buffer.data(), connection.used);
    const std::size_t head_size = received.find(kHeadEnd);
    if (head_size == std::string_view::npos) return connection.used < kFirstBufferBytes;
    const auto head = parse_http_head(received.substr(0, head_size));
    if (!head || head->content_length > kMaxRequestBytes) return false;
    const std::size_t body_begin = head_size + kHeadEnd.size();
    const std::size_t request_size = body_begin + head->content_length;
    if (connection.used < request_size) {
      // One byte more, for the zero behind the body.
      if (connection.buffer.size() <= request_size) connection.buffer.resize(request_size + 1);
      return true;
    }
    char* const body = connection.buffer.data() + body_begin;
    const char next = std::exchange(body[head->content_length], '\0');
    const SinkReply answer = service_.answer({head->method, head->path, head->content_type,
                                              head->content_encoding, body, head->content_length});
    body[head->content_length] = next;
    connection.used -= request_size;
    std::memmove(connection.buffer.data(), connection.buffer.data() + request_size,
                 connection.used);
    if (!reply(id, connection, to_bytes(answer))) return false;
  }
  return true;
}

bool HttpSink::reply(std::uint64_t id, Connection& connection, std::string bytes) {
  if (delay_.count() > 0) {
    connection.replying = true;
    delayed_.push_back({std::chrono::steady_clock::now() + delay_, id, std::move(bytes)});
    return true;
  }
  // A reply is far smaller than the socket's buffer: what does not fit belongs to a peer that reads
  // none.
  return send(connection.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

void HttpSink::send_due() {
  const Time now = std::chrono::steady_clock::now();
  while (!delayed_.empty() && delayed_.front().due <= now) {
    const DelayedReply due = std::move(delayed_.front());
    delayed_.pop_front();
    const auto found = connections_.find(due.connection);
    if (found == connections_.end()) continue;
    Connection& connection = *found->second;
    connection.replying = false;
    const ssize_t sent = send(connection.socket, due.bytes.data(), due.bytes.size(), MSG_NOSIGNAL);
    const bool usable = sent == static_cast<ssize_t>(due.bytes.size());
    if (!usable || !serve(due.connection, connection)) connections_.erase(found);
  }
}

}  // namespace llmtrace::bench
