#include "collector/http_exchange.h"

#include <microhttpd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collector/json_reply.h"
#include "collector/request_guard.h"

namespace llmtrace::collector {
namespace {

// On every answer. What a model wrote is a stranger's text: should the page ever take it for
// markup, the browser still runs nothing of it and fetches nothing for it.
constexpr std::array<std::pair<const char*, const char*>, 5> kSecurityHeaders = {
    {{"Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
      "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
     {"X-Content-Type-Options", "nosniff"},
     {"Referrer-Policy", "no-referrer"},
     {"Cross-Origin-Opener-Policy", "same-origin"},
     {"Cross-Origin-Resource-Policy", "same-origin"}}};

MHD_Result append_pair(void* pairs, MHD_ValueKind, const char* name, std::size_t name_size,
                       const char* value, std::size_t value_size) {
  static_cast<std::vector<NameValue>*>(pairs)->emplace_back(
      std::string(name, name_size),
      value == nullptr ? std::string() : std::string(value, value_size));
  return MHD_YES;
}

HttpResponse busy() {
  HttpResponse response = message_reply(503, "too much is being stored at once; try again");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

ssize_t read_stream(void* stream, std::uint64_t, char* out, std::size_t size) noexcept {
  const EventStream::Read read =
      (*static_cast<std::shared_ptr<EventStream>*>(stream))->read({out, size});
  return read.is_end ? MHD_CONTENT_READER_END_OF_STREAM : static_cast<ssize_t>(read.size);
}

void free_body(void* body) noexcept {
  const std::unique_ptr<std::string> owned(static_cast<std::string*>(body));
}

void free_stream(void* stream) noexcept {
  const std::unique_ptr<std::shared_ptr<EventStream>> owned(
      static_cast<std::shared_ptr<EventStream>*>(stream));
  (*owned)->detach();
}

std::optional<std::size_t> content_length(const HttpRequest& request) {
  const auto text = request.header("Content-Length");
  if (!text) return std::nullopt;
  std::size_t length = 0;
  const auto result = std::from_chars(text->data(), text->data() + text->size(), length);
  return result.ec == std::errc() ? std::optional(length) : std::nullopt;
}

}  // namespace

HttpExchange::HttpExchange(HttpExchangeShared& shared, MHD_Connection& connection)
    : shared_(shared), connection_(connection) {}

HttpExchange::~HttpExchange() { shared_.buffered_bytes -= buffered_bytes_; }

bool HttpExchange::begin(std::string_view method, std::string_view path) {
  set_timeout(shared_.idle_timeout);
  request_.method = method;
  request_.path = path;
  read_headers();
  admission_.refusal = refuse_by_headers();
  if (!admission_.refusal) admission_ = shared_.handler.admit(request_);
  if (!admission_.refusal && content_length(request_).value_or(0) > admission_.body_limit_bytes) {
    admission_.refusal = admission_.too_large;
  }
  if (admission_.refusal) return is_worth_draining() || send(std::move(*admission_.refusal));
  constexpr std::size_t kUsualBodyBytes = std::size_t{1024} * 1024;  // the rest grows as it comes
  request_.body.reserve(std::min(content_length(request_).value_or(0), kUsualBodyBytes));
  return true;
}

void HttpExchange::read_headers() {
  MHD_get_connection_values_n(&connection_, MHD_HEADER_KIND, &append_pair, &request_.headers);
  MHD_get_connection_values_n(&connection_, MHD_GET_ARGUMENT_KIND, &append_pair, &request_.query);
  header_bytes_ = request_.method.size() + request_.path.size();
  for (const std::vector<NameValue>* pairs : {&request_.headers, &request_.query}) {
    for (const NameValue& pair : *pairs) {
      header_bytes_ += pair.first.size() + pair.second.size() + 4;  // ": " and the line's end
    }
  }
}

std::optional<HttpResponse> HttpExchange::refuse_by_headers() {
  if (header_bytes_ > kHeaderLimitBytes) {
    return message_reply(431, "the request's headers are larger than 16 KiB");
  }
  return refuse_foreign_request(request_, shared_.hosts);
}

// A client that waits for "100 Continue" has not sent its body yet and takes the reply at once.
bool HttpExchange::is_worth_draining() const {
  return !request_.header("Expect") && content_length(request_).value_or(0) <= kDrainLimitBytes;
}

bool HttpExchange::receive(std::string_view bytes) {
  received_bytes_ += bytes.size();
  if (received_bytes_ > kDrainLimitBytes) return false;
  if (admission_.refusal || too_large_) return true;
  if (received_bytes_ > admission_.body_limit_bytes) {
    too_large_ = true;
    request_.body = std::string();
    return true;
  }
  buffered_bytes_ += bytes.size();
  if ((shared_.buffered_bytes += bytes.size()) > kBufferLimitBytes) {
    admission_.refusal = busy();
    request_.body = std::string();
    return true;
  }
  request_.body.append(bytes);
  return true;
}

bool HttpExchange::finish() {
  if (admission_.refusal) return send(std::move(*admission_.refusal));
  if (!reply_ && too_large_) reply_ = admission_.too_large;
  if (!reply_) return answer_later();
  set_timeout(reply_->stream ? std::chrono::seconds(0) : shared_.keep_alive);
  return send(std::move(*reply_));
}

// The library calls `finish` again when the connection has been woken.
bool HttpExchange::answer_later() {
  MHD_suspend_connection(&connection_);
  WorkerPool& workers = request_.body.empty() ? shared_.read_workers : shared_.body_workers;
  const bool is_posted = workers.post([this] {
    reply_ = make_reply();
    MHD_resume_connection(&connection_);
  });
  if (is_posted) return true;
  reply_ = busy();  // the server is about to end
  MHD_resume_connection(&connection_);
  return true;
}

HttpResponse HttpExchange::make_reply() {
  try {
    return shared_.handler.handle(request_);
  } catch (const std::exception& error) {
    return named_error_reply(500, "InternalServerError", error.what());
  }
}

bool HttpExchange::send(HttpResponse response) {
  MHD_Response* reply = make_response(response);
  if (reply == nullptr) return false;
  MHD_add_response_header(reply, MHD_HTTP_HEADER_CONTENT_TYPE, response.content_type.c_str());
  for (const auto& [name, value] : kSecurityHeaders) {
    MHD_add_response_header(reply, name, value);
  }
  for (const NameValue& header : response.headers) {
    MHD_add_response_header(reply, header.first.c_str(), header.second.c_str());
  }
  const MHD_Result queued =
      MHD_queue_response(&connection_, static_cast<unsigned>(response.status), reply);
  MHD_destroy_response(reply);
  return queued == MHD_YES;
}

// Takes the body of `response`.
MHD_Response* HttpExchange::make_response(HttpResponse& response) {
  if (!response.stream) {
    auto body = std::make_unique<std::string>(std::move(response.body));
    MHD_Response* reply = MHD_create_response_from_buffer_with_free_callback_cls(
        body->size(), body->data(), &free_body, body.get());
    if (reply != nullptr) body.release();  // the library keeps it; free_body takes it back
    return reply;
  }
  constexpr std::size_t kBlockBytes = 16 * 1024;
  response.stream->attach(connection_);
  shared_.add(response.stream);
  auto owned = std::make_unique<std::shared_ptr<EventStream>>(response.stream);
  MHD_Response* reply = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, kBlockBytes,
                                                          &read_stream, owned.get(), &free_stream);
  if (reply != nullptr) owned.release();  // the library keeps it; free_stream takes it back
  return reply;
}

void HttpExchange::set_timeout(std::chrono::seconds timeout) {
  MHD_set_connection_option(&connection_, MHD_CONNECTION_OPTION_TIMEOUT,
                            static_cast<unsigned>(timeout.count()));
}

}  // namespace llmtrace::collector
