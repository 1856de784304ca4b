// A small HTTP client on libcurl, and a raw socket for what libcurl would not send. For one test
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/src/json_value.h"

namespace llmtrace::collector::testing {

struct Reply {
  long status = 0;
  std::string content_type{};
  std::string headers{};
  std::string body{};

  /// The body as JSON; a test failure and null when it is none.
  JsonValue json() const;
};

struct Request {
  std::string method = "GET";
  std::string path{};
  std::string body{};
  std::vector<std::string> headers{};            // "Name: value"
  std::string keys = "pk-lf-local:sk-lf-local";  // Basic credentials; empty = none
  bool may_break = false;  // without a complete reply its status is 0, and no test failure
};

class HttpClient {
 public:
  explicit HttpClient(std::string base_url);

  Reply send(const Request& request) const;
  Reply get(const std::string& path) const;
  Reply post_json(const std::string& path, const std::string& body) const;

 private:
  std::string base_url_;
};

/// Sends `bytes` over a new connection and returns all that comes back until the server closes it.
std::string send_raw(std::uint16_t port, const std::string& bytes);

}  // namespace llmtrace::collector::testing
