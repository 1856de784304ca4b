// HttpExchange is one request on its way through libmicrohttpd: it collects the headers and the
// body, refuses what is too large or not addressed to us, has the handler answer on a thread of a
// pool, with the connection asleep meanwhile, and queues the reply. The library makes one per
// request and calls it from one thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "collector/http_exchange_shared.h"
#include "collector/http_message.h"

struct MHD_Connection;
struct MHD_Response;

namespace llmtrace::collector {

class HttpExchange {
 public:
  static constexpr std::size_t kHeaderLimitBytes = 16 * 1024;
  /// A refused body is read to its end and thrown away, because closing the connection under a
  /// client that still writes loses the reply. Past this the connection is closed all the same.
  static constexpr std::size_t kDrainLimitBytes = 64 * 1024 * 1024;

  /// All bodies together may have so many bytes; a client that comes then is told to come again.
  static constexpr std::size_t kBufferLimitBytes = std::size_t{256} * 1024 * 1024;

  HttpExchange(HttpExchangeShared& shared, MHD_Connection& connection);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  /// The headers are there: decides whether the request is let in. False closes the connection.
  bool begin(std::string_view method, std::string_view path);
  bool receive(std::string_view bytes);
  bool finish();

 private:
  void read_headers();
  std::optional<HttpResponse> refuse_by_headers();
  bool is_worth_draining() const;
  HttpResponse make_reply();
  bool answer_later();
  bool send(HttpResponse response);
  MHD_Response* make_response(HttpResponse& response);
  void set_timeout(std::chrono::seconds timeout);

  HttpExchangeShared& shared_;
  MHD_Connection& connection_;
  HttpRequest request_;
  Admission admission_;
  std::size_t header_bytes_ = 0;
  std::size_t received_bytes_ = 0;
  std::size_t buffered_bytes_ = 0;  // this exchange's part of the shared count
  bool too_large_ = false;
  std::optional<HttpResponse> reply_;  // set by a worker before it wakes the connection
};

}  // namespace llmtrace::collector
