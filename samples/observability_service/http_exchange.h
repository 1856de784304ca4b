// HttpExchange is one request on its way through libmicrohttpd, which calls it on the thread of its
// connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "samples/observability_service/http_message.h"

struct MHD_Connection;

namespace service {

class HttpServer;

class HttpExchange {
 public:
  HttpExchange(HttpServer& server, MHD_Connection& connection);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  /// The headers are there. False closes the connection; so do the others.
  bool begin(std::string_view method, std::string_view path);
  bool receive(std::string_view bytes);
  bool finish();

 private:
  /// What is refused is read to its end and thrown away, for closing under a client that still
  /// writes loses the answer; past this the connection is closed all the same.
  static constexpr std::size_t kDrainLimitBytes = std::size_t{16} << 20;

  std::size_t announced_bytes() const;
  HttpResponse answer();
  HttpResponse too_large();
  bool send(HttpResponse response);
  void set_timeout(std::chrono::seconds timeout);

  HttpServer& server_;
  MHD_Connection& connection_;
  HttpRequest request_;
  std::size_t received_bytes_ = 0;
};

}  // namespace service
