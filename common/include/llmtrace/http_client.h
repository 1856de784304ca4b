// HttpClient is how llmtrace reaches a server. The built-in one uses libcurl; tests and hosts that
// own their network stack may give another in TransportOptions::http_client. Only requests that
// llmtrace builds pass through it, with credentials in their headers: an implementation must not
// log those.
#pragma once

#include <llmtrace/export.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmtrace {
inline namespace v0 {

struct HttpHeader {
  std::string name{};
  std::string value{};
};

struct HttpRequest {
  std::string method{"POST"};
  std::string url{};
  std::vector<HttpHeader> headers{};
  /// Not owned: stays valid until the reply was returned or the request was cancelled.
  std::string_view body{};
  /// For the whole attempt, from connect to the last byte of the reply.
  std::chrono::milliseconds timeout{10'000};
  /// Absent: as the environment says (https_proxy, NO_PROXY); empty: no proxy.
  std::optional<std::string> proxy{};
  /// A PEM file of certificate authorities to trust instead of the system's; empty: the system's.
  std::string ca_file{};
  /// PEM files by which this side shows who it is; empty: it does not.
  std::string client_certificate{};
  std::string client_key{};
};

struct HttpReply {
  std::uint64_t id = 0;  ///< the request's, as given to `send`
  int status = 0;        ///< 0 when no status line arrived
  std::vector<HttpHeader> headers{};
  std::string body{};         ///< at most 1 MiB; see `complete`
  bool complete = false;      ///< the reply arrived to its end and within its bounds
  bool request_sent = false;  ///< all bytes of the request left this machine
  std::string error{};        ///< for a person, when there is no complete reply

  /// The first header of that name, whatever its case; empty if there is none.
  LLMTRACE_EXPORT std::string_view header(std::string_view name) const noexcept;
};

class LLMTRACE_EXPORT HttpClient {
 public:
  virtual ~HttpClient() = default;

  /// Starts a request. Flusher thread.
  virtual void send(std::uint64_t id, const HttpRequest& request) = 0;
  /// Moves data until a reply is there, `wakeup` was called, or `timeout` is over; returns what is
  /// finished. Flusher thread.
  virtual std::vector<HttpReply> poll(std::chrono::milliseconds timeout) = 0;
  /// Aborts a request; no reply follows. Flusher thread.
  virtual void cancel(std::uint64_t id) noexcept = 0;
  /// Makes the current or the next `poll` return. Any thread.
  virtual void wakeup() noexcept = 0;
  /// Does one request and waits for it. Any thread, several at once.
  virtual HttpReply fetch(const HttpRequest& request) = 0;
};

}  // namespace v0
}  // namespace llmtrace
