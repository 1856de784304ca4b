// ScriptedServer is a real HTTP/1.1 server on a loopback port that misbehaves as told: what it
// answers, how late, how much of it, and when it hangs up is the script's choice, per request. It
// records everything that reaches it. One thread per connection; the destructor ends them all.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace llmtrace::tests {

/// The content of a gzip member; throws when it is none.
inline std::string gunzip(std::string_view data) {
  z_stream stream{};
  if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK) throw std::runtime_error("inflateInit2");
  std::string out;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));  // NOLINT
  stream.avail_in = static_cast<uInt>(data.size());
  int result = Z_OK;
  while (result == Z_OK) {
    char block[65536];
    stream.next_out = reinterpret_cast<Bytef*>(block);  // NOLINT
    stream.avail_out = sizeof(block);
    result = inflate(&stream, Z_NO_FLUSH);
    out.append(block, sizeof(block) - stream.avail_out);
  }
  inflateEnd(&stream);
  if (result != Z_STREAM_END) throw std::runtime_error("not a complete gzip member");
  return out;
}

struct ServerRequest {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string raw_body;
  std::string body;  // decoded
  std::size_t connection = 0;
  std::chrono::steady_clock::time_point at{};

  std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return {};
  }
};

struct ServerReply {
  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{"{}"};
  bool hold = false;          ///< waits for `release` before it answers
  bool hang_up = false;       ///< closes the connection without a byte
  std::size_t cut_at = kAll;  ///< sends so many bytes of the reply, then closes
  std::size_t drip = 0;       ///< sends so many bytes at a time, one piece every 50 ms
  std::string raw{};          ///< instead of all that: these bytes, then closes
  std::string flood{};        ///< after `raw`: these bytes, again and again
  std::size_t floods = 0;     ///< so often
  bool reset = false;         ///< where it closes, it resets the connection
};

class ScriptedServer {
 public:
  /// Called for each request, with how many came before it. Any connection's thread.
  using Script = std::function<ServerReply(const ServerRequest&, std::size_t)>;

  explicit ScriptedServer(Script script = {}) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);  // NOLINT
    socklen_t size = sizeof(address);
    if (listener_ < 0 || ::bind(listener_, generic, size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
      throw std::runtime_error("no loopback port to listen on");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_connections(); });
  }
  ~ScriptedServer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    changed_.notify_all();
    acceptor_.join();
    for (std::thread& connection : connections_) connection.join();
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::uint16_t port() const noexcept { return port_; }

  void respond(Script script) {
    const std::lock_guard lock(mutex_);
    script_ = std::move(script);
  }
  void always(ServerReply reply) {
    respond([reply](const ServerRequest&, std::size_t) { return reply; });
  }
  /// Requests come without their bodies from now on: for runs whose requests memory cannot hold.
  void keep_no_bodies() {
    const std::lock_guard lock(mutex_);
    keep_bodies_ = false;
  }
  /// Lets all held replies go, and those that come later.
  void release() {
    {
      const std::lock_guard lock(mutex_);
      released_ = true;
    }
    changed_.notify_all();
  }

  std::vector<ServerRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::size_t request_count() const {
    const std::lock_guard lock(mutex_);
    return requests_.size();
  }
  std::size_t connection_count() const {
    const std::lock_guard lock(mutex_);
    return connection_count_;
  }
  /// All bytes that ever arrived, of complete requests or not.
  std::uint64_t bytes_received() const noexcept { return bytes_received_; }
  bool wait_for_requests(std::size_t count, std::chrono::seconds limit = std::chrono::seconds(20)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return requests_.size() >= count; });
  }

 private:
  void accept_connections() {
    for (;;) {
      pollfd waiting{listener_, POLLIN, 0};
      ::poll(&waiting, 1, 20);
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      if ((waiting.revents & POLLIN) == 0) continue;
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) continue;
      sockets_.push_back(socket);
      connections_.emplace_back([this, socket, number = ++connection_count_] {
        serve(socket, number);
        const std::lock_guard closing(mutex_);
        std::erase(sockets_, socket);
        ::close(socket);
      });
    }
  }

  void serve(int socket, std::size_t number) {
    std::string buffer;
    ServerRequest request;
    while (read_request(socket, buffer, request)) {
      request.connection = number;
      request.at = std::chrono::steady_clock::now();
      const ServerReply reply = answer_to(request);
      if (!send_reply(socket, reply)) return;
      request = ServerRequest();
    }
  }

  bool read_more(int socket, std::string& buffer) {
    char block[65536];
    const ssize_t count = ::recv(socket, block, sizeof(block), 0);
    if (count <= 0) return false;
    bytes_received_ += static_cast<std::uint64_t>(count);
    buffer.append(block, static_cast<std::size_t>(count));
    return true;
  }

  bool read_request(int socket, std::string& buffer, ServerRequest& request) {
    std::size_t end = 0;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
      if (!read_more(socket, buffer)) return false;
    }
    parse_head(std::string_view(buffer).substr(0, end), request);
    buffer.erase(0, end + 4);
    const std::string length = request.header("content-length");
    const std::size_t body_size = length.empty() ? 0 : std::stoul(length);
    while (buffer.size() < body_size) {
      if (!read_more(socket, buffer)) return false;
    }
    request.raw_body = buffer.substr(0, body_size);
    buffer.erase(0, body_size);
    request.body =
        request.header("content-encoding") == "gzip" ? gunzip(request.raw_body) : request.raw_body;
    return true;
  }

  static void parse_head(std::string_view head, ServerRequest& request) {
    const std::size_t first_end = std::min(head.find("\r\n"), head.size());
    const std::string_view first = head.substr(0, first_end);
    const std::size_t space = first.find(' ');
    request.method = first.substr(0, space);
    request.target = first.substr(space + 1, first.rfind(' ') - space - 1);
    for (std::size_t at = first_end + 2; at < head.size();) {
      const std::size_t end = std::min(head.find("\r\n", at), head.size());
      const std::string_view line = head.substr(at, end - at);
      const std::size_t colon = std::min(line.find(':'), line.size());
      std::string name(line.substr(0, colon));
      std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      });
      const std::size_t value = std::min(line.find_first_not_of(" ", colon + 1), line.size());
      request.headers.emplace_back(std::move(name), std::string(line.substr(value)));
      at = end + 2;
    }
  }

  static ServerRequest without_body(const ServerRequest& request) {
    ServerRequest head;
    head.method = request.method;
    head.target = request.target;
    head.connection = request.connection;
    head.at = request.at;
    return head;
  }

  ServerReply answer_to(const ServerRequest& request) {
    Script script;
    std::size_t before = 0;
    {
      const std::lock_guard lock(mutex_);
      before = requests_.size();
      requests_.push_back(keep_bodies_ ? request : without_body(request));
      script = script_;
    }
    changed_.notify_all();
    ServerReply reply = script ? script(request, before) : ServerReply();
    if (reply.hold) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return released_ || stopping_; });
    }
    return reply;
  }

  static std::string bytes_of(const ServerReply& reply) {
    std::string out = "HTTP/1.1 " + std::to_string(reply.status) + " Scripted\r\n";
    for (const auto& [name, value] : reply.headers) out += name + ": " + value + "\r\n";
    return out + "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n" + reply.body;
  }

  // False when the connection is over.
  bool send_reply(int socket, const ServerReply& reply) {
    if (reply.hang_up) return false;
    const std::string all = reply.raw.empty() ? bytes_of(reply) : reply.raw;
    const std::size_t size = std::min(reply.cut_at, all.size());
    const std::size_t piece = reply.drip == 0 ? size : reply.drip;
    for (std::size_t at = 0; at < size; at += piece) {
      const std::size_t count = std::min(piece, size - at);
      if (!send_all(socket, std::string_view(all).substr(at, count))) return false;
      if (reply.drip == 0) continue;
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, std::chrono::milliseconds(50), [this] { return stopping_; })) {
        return false;
      }
    }
    for (std::size_t i = 0; i < reply.floods; ++i) {
      if (!send_all(socket, reply.flood)) return false;
    }
    if (reply.raw.empty() && size == all.size()) return true;
    if (reply.reset) {
      const linger at_once{1, 0};
      ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    } else {
      ::shutdown(socket, SHUT_WR);
    }
    return false;
  }

  static bool send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::uint64_t> bytes_received_{0};
  mutable std::mutex mutex_;  // guards the members below
  std::condition_variable changed_;
  Script script_;
  std::vector<ServerRequest> requests_;
  std::vector<int> sockets_;
  std::vector<std::thread> connections_;
  std::size_t connection_count_ = 0;
  bool keep_bodies_ = true;
  bool released_ = false;
  bool stopping_ = false;
  std::thread acceptor_;
};

}  // namespace llmtrace::tests
