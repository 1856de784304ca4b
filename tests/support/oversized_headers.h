// Requests with more headers than any server takes, and a server that ends amid them: libmicrohttpd
// 0.9.75 answers such a request from another thread than the one that it stops, and crashed then.
#pragma once

#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/loopback_connection.h"

namespace llmtrace::tests {

inline std::string hundred_thousand_headers() {
  std::string request = "GET /health HTTP/1.1\r\n";
  for (int i = 0; i < 100'000; ++i) request += "X-" + std::to_string(i) + ": x\r\n";
  return request;
}

/// `make` returns a std::unique_ptr of a server, `port_of` the port of one.
template <class Make, class PortOf>
void end_amid_oversized_headers(Make make, PortOf port_of) {
  const std::string request = hundred_thousand_headers();
  for (int round = 0; round < 50; ++round) {
    auto server = make();
    std::vector<LoopbackConnection> connections;
    for (int i = 0; i < 4; ++i) connections.emplace_back(port_of(*server));
    std::latch sending(4);
    std::vector<std::jthread> senders;
    for (LoopbackConnection& connection : connections) {
      senders.emplace_back([&, connection = std::move(connection)] {
        sending.count_down();
        connection.send(request);
      });
    }
    sending.wait();
    server.reset();
  }
}

}  // namespace llmtrace::tests
