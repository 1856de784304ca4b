// A request as the server hands it to its handler, and what the handler answers.
#pragma once

#include <llmtrace/http_client.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace service {

struct HttpRequest {
  std::string method{};
  std::string path{};
  std::vector<llmtrace::HttpHeader> headers{};
  std::string body{};

  /// The first header of that name, whatever its case; empty if there is none.
  std::string_view header(std::string_view name) const noexcept;
};

/// A body that is made while it is sent. One thread at a time; destroyed early when the client
/// goes.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// Waits for the next bytes; empty: the end.
  virtual std::string next() = 0;
  /// At the end: true when the connection is to be closed as if cut.
  virtual bool is_cut() const noexcept { return false; }
  /// At the end: what went wrong after the first bytes, for the log; empty: nothing.
  virtual std::string failure() const { return {}; }
};

struct HttpResponse {
  int status = 200;
  std::string content_type{"application/json"};
  std::string body{};
  std::vector<llmtrace::HttpHeader> headers{};
  std::unique_ptr<BodySource> stream{};  ///< instead of `body`
  std::string failure{};                 ///< what went wrong, for the log; not sent
};

/// Called on the server's threads, one per connection: it may wait.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual HttpResponse handle(const HttpRequest& request) = 0;
  /// A refusal that the server makes itself (a body that is too large) passes here, too.
  virtual HttpResponse refuse(const HttpRequest& request, HttpResponse refusal) {
    static_cast<void>(request);
    return refusal;
  }
};

/// {"error": message}
HttpResponse error_response(int status, std::string_view message);

}  // namespace service
