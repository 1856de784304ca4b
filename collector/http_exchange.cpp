#include "collector/http_exchange.h"

#include <microhttpd.h>

#include <array>
#include <charconv>
#include <exception>
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

std::optional<std::size_t> content_length(const HttpRequest& request) {
  const auto text = request.header("Content-Length");
  if (!text) return std::nullopt;
  std::size_t length = 0;
  const auto result = std::from_chars(text->data(), text->data() + text->size(), length);
  return result.ec == std::errc() ? std::optional(length) : std::nullopt;
}

}  // namespace

HttpExchange::HttpExchange(const HttpExchangeSettings& settings, MHD_Connection& connection)
    : settings_(settings), connection_(connection) {}

bool HttpExchange::begin(std::string_view method, std::string_view path) {
  set_timeout(settings_.idle_timeout);
  request_.method = method;
  request_.path = path;
  read_headers();
  admission_.refusal = refuse_by_headers();
  if (!admission_.refusal) admission_ = settings_.handler->admit(request_);
  if (!admission_.refusal && content_length(request_).value_or(0) > admission_.body_limit_bytes) {
    admission_.refusal = admission_.too_large;
  }
  if (admission_.refusal && !is_worth_draining()) return send(*admission_.refusal);
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
  return refuse_foreign_request(request_, settings_.port);
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
  request_.body.append(bytes);
  return true;
}

bool HttpExchange::finish() {
  const HttpResponse response = make_reply();
  if (!admission_.refusal) set_timeout(settings_.keep_alive);
  return send(response);
}

HttpResponse HttpExchange::make_reply() {
  if (admission_.refusal) return *admission_.refusal;
  if (too_large_) return admission_.too_large;
  try {
    return settings_.handler->handle(request_);
  } catch (const std::exception& error) {
    return named_error_reply(500, "InternalServerError", error.what());
  }
}

bool HttpExchange::send(const HttpResponse& response) {
  std::string body = response.body;  // the library wants it writable, and copies it
  MHD_Response* reply =
      MHD_create_response_from_buffer(body.size(), body.data(), MHD_RESPMEM_MUST_COPY);
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

void HttpExchange::set_timeout(std::chrono::seconds timeout) {
  MHD_set_connection_option(&connection_, MHD_CONNECTION_OPTION_TIMEOUT,
                            static_cast<unsigned>(timeout.count()));
}

}  // namespace llmtrace::collector
