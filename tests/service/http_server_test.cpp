// The server's own promises, in this process.
#include "samples/observability_service/http_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace service::testing {
namespace {

class NoHandler final : public HttpHandler {
 public:
  HttpResponse handle(const HttpRequest&) override { return {}; }
  HttpResponse refuse(const HttpRequest&, HttpResponse refusal) override { return refusal; }
};

int connect_to(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return connection;
}

void send_until_refused(int connection, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

TEST(HttpServer, EndsWithoutHarmWhileHeadersComeThatAreTooLarge) {
  std::string request = "GET /health HTTP/1.1\r\n";
  for (int i = 0; i < 100'000; ++i) request += "X-" + std::to_string(i) + ": x\r\n";
  NoHandler handler;
  for (int i = 0; i < 50; ++i) {
    auto server = std::make_unique<HttpServer>(HttpServerOptions{}, handler);
    std::vector<int> connections;
    for (int c = 0; c < 4; ++c) connections.push_back(connect_to(server->port()));
    std::latch sending(4);
    std::vector<std::jthread> senders;
    for (const int connection : connections) {
      senders.emplace_back([&, connection] {
        sending.count_down();
        send_until_refused(connection, request);
        ::close(connection);
      });
    }
    sending.wait();
    server.reset();
  }
}

TEST(HttpServer, ClosesItsListenerOnceHoweverOftenItIsDrained) {
  NoHandler handler;
  HttpServer server({}, handler);

  EXPECT_TRUE(server.drain(std::chrono::milliseconds(0)));
  const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);  // gets the listener's number
  EXPECT_TRUE(server.drain(std::chrono::milliseconds(0)));

  EXPECT_EQ(::close(next), 0) << "somebody else has closed it";
}

}  // namespace
}  // namespace service::testing
