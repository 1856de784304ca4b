// HttpExchange is one request on its way through libmicrohttpd: it collects the headers and the
// body, refuses what is too large or not addressed to us, and queues the reply. The library makes
// one per request and calls it from one thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "collector/http_handler.h"

struct MHD_Connection;

namespace llmtrace::collector {

/// What all exchanges of a server share; constant while the server runs.
struct HttpExchangeSettings {
  HttpHandler* handler = nullptr;
  std::uint16_t port = 0;
  std::chrono::seconds idle_timeout{5};
  std::chrono::seconds keep_alive{110};
};

class HttpExchange {
 public:
  static constexpr std::size_t kHeaderLimitBytes = 16 * 1024;
  /// A refused body is read to its end and thrown away, because closing the connection under a
  /// client that still writes loses the reply. Past this the connection is closed all the same.
  static constexpr std::size_t kDrainLimitBytes = 64 * 1024 * 1024;

  HttpExchange(const HttpExchangeSettings& settings, MHD_Connection& connection);

  /// The headers are there: decides whether the request is let in. False closes the connection.
  bool begin(std::string_view method, std::string_view path);
  bool receive(std::string_view bytes);
  bool finish();

 private:
  void read_headers();
  std::optional<HttpResponse> refuse_by_headers();
  bool is_worth_draining() const;
  HttpResponse make_reply();
  bool send(const HttpResponse& response);
  void set_timeout(std::chrono::seconds timeout);

  const HttpExchangeSettings& settings_;
  MHD_Connection& connection_;
  HttpRequest request_;
  Admission admission_;
  std::size_t header_bytes_ = 0;
  std::size_t received_bytes_ = 0;
  bool too_large_ = false;
};

}  // namespace llmtrace::collector
