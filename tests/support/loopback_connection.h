// A TCP connection to a server on this machine, for what no HTTP client would say or leave unsaid.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace llmtrace::tests {

class LoopbackConnection {
 public:
  /// A failure of the test when nobody listens. `receive_buffer`: bytes, of the kernel's; 0 leaves
  /// them as they are.
  explicit LoopbackConnection(std::uint16_t port, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~LoopbackConnection() {
    if (socket_ >= 0) ::close(socket_);
  }
  LoopbackConnection(LoopbackConnection&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)) {}
  LoopbackConnection& operator=(LoopbackConnection&&) = delete;

  /// All of it, or as much as the server takes before it hangs up: false then.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// The next bytes; an empty string at the end, nothing after a reset or 20 seconds of silence.
  std::optional<std::string> receive() const {
    std::array<char, 4096> buffer;
    const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (size < 0) return std::nullopt;
    return std::string(buffer.data(), static_cast<std::size_t>(size));
  }

 private:
  int socket_;
};

}  // namespace llmtrace::tests
