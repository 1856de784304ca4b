#include "samples/observability_service/http_exchange.h"

#include <microhttpd.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <string>
#include <utility>

#include "samples/observability_service/http_server.h"

namespace service {
namespace {

constexpr std::size_t kStreamBlockBytes = std::size_t{16} << 10;

MHD_Result append_header(void* headers, MHD_ValueKind, const char* name,
                         const char* value) noexcept {
  try {
    static_cast<std::vector<llmtrace::HttpHeader>*>(headers)->push_back(
        {name, value == nullptr ? "" : value});
  } catch (const std::exception&) {  // must not unwind through C
    return MHD_NO;
  }
  return MHD_YES;
}

// A source and what it gave that the library had no room for.
struct Streamed {
  std::unique_ptr<BodySource> source;
  std::string pending{};

  static ssize_t read(void* streamed, std::uint64_t, char* buffer, std::size_t size) noexcept {
    auto& self = *static_cast<Streamed*>(streamed);
    try {
      if (self.pending.empty()) self.pending = self.source->next();
    } catch (const std::exception&) {  // must not unwind through C
      return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (self.pending.empty()) {
      return self.source->is_cut() ? MHD_CONTENT_READER_END_WITH_ERROR
                                   : MHD_CONTENT_READER_END_OF_STREAM;
    }
    const std::size_t taken = std::min(size, self.pending.size());
    self.pending.copy(buffer, taken);
    self.pending.erase(0, taken);
    return static_cast<ssize_t>(taken);
  }
  static void destroy(void* streamed) noexcept { delete static_cast<Streamed*>(streamed); }
};

MHD_Response* make_reply(HttpResponse& response) {
  if (response.stream == nullptr) {
    return MHD_create_response_from_buffer(response.body.size(), response.body.data(),
                                           MHD_RESPMEM_MUST_COPY);
  }
  auto streamed = std::make_unique<Streamed>(Streamed{std::move(response.stream)});
  MHD_Response* const reply = MHD_create_response_from_callback(
      MHD_SIZE_UNKNOWN, kStreamBlockBytes, &Streamed::read, streamed.get(), &Streamed::destroy);
  if (reply != nullptr) static_cast<void>(streamed.release());  // the reply's now
  return reply;
}

}  // namespace

HttpExchange::HttpExchange(HttpServer& server, MHD_Connection& connection)
    : server_(server), connection_(connection) {
  server_.traffic_.request_changed(1);
}

HttpExchange::~HttpExchange() { server_.traffic_.request_changed(-1); }

bool HttpExchange::begin(std::string_view method, std::string_view path) {
  set_timeout(server_.options_.idle_timeout);
  request_.method = method;
  request_.path = path;
  MHD_get_connection_values(&connection_, MHD_HEADER_KIND, &append_header, &request_.headers);
  // A client that waits for "100 Continue" has not sent its body and takes the answer at once.
  const bool is_waiting = !request_.header("Expect").empty();
  const std::size_t most = is_waiting ? server_.options_.body_limit_bytes : kDrainLimitBytes;
  return announced_bytes() <= most || send(too_large());
}

std::size_t HttpExchange::announced_bytes() const {
  const std::string_view text = request_.header("Content-Length");
  std::size_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

bool HttpExchange::receive(std::string_view bytes) {
  received_bytes_ += bytes.size();
  if (received_bytes_ <= server_.options_.body_limit_bytes) {
    request_.body.append(bytes);
  } else {
    request_.body = std::string();
  }
  return received_bytes_ <= kDrainLimitBytes;
}

bool HttpExchange::finish() {
  // The library takes a handler that waits for a client that is silent.
  set_timeout(std::chrono::seconds(0));
  HttpResponse response = answer();
  set_timeout(server_.options_.keep_alive);
  return send(std::move(response));
}

HttpResponse HttpExchange::answer() {
  try {
    return received_bytes_ > server_.options_.body_limit_bytes ? too_large()
                                                               : server_.handler_.handle(request_);
  } catch (const std::exception& error) {
    return error_response(500, error.what());
  }
}

HttpResponse HttpExchange::too_large() {
  return server_.handler_.refuse(
      request_,
      error_response(413, "the body is larger than " +
                              std::to_string(server_.options_.body_limit_bytes) + " bytes"));
}

bool HttpExchange::send(HttpResponse response) {
  MHD_Response* const reply = make_reply(response);
  if (reply == nullptr) return false;
  MHD_add_response_header(reply, MHD_HTTP_HEADER_CONTENT_TYPE, response.content_type.c_str());
  for (const llmtrace::HttpHeader& header : response.headers) {
    MHD_add_response_header(reply, header.name.c_str(), header.value.c_str());
  }
  if (server_.draining_) MHD_add_response_header(reply, MHD_HTTP_HEADER_CONNECTION, "close");
  const MHD_Result queued =
      MHD_queue_response(&connection_, static_cast<unsigned>(response.status), reply);
  MHD_destroy_response(reply);
  return queued == MHD_YES;
}

void HttpExchange::set_timeout(std::chrono::seconds timeout) {
  MHD_set_connection_option(&connection_, MHD_CONNECTION_OPTION_TIMEOUT,
                            static_cast<unsigned>(timeout.count()));
}

}  // namespace service
