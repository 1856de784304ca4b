// One request to an endpoint and its answer, as it arrives. Connections are kept between calls.
#pragma once

#include <llmtrace/http_client.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/curl_easy.h"

namespace llmtrace {
inline namespace v0 {
namespace openai {

/// "timeout: ...", "connection: ...", "stream_cut: ...": the type of the error first.
std::string curl_error(CURLcode code);

struct Answer {
  int status = 0;       // 0: none came
  std::string body{};   // of an error, or of a reply that nobody reads as it arrives
  std::string error{};  // why there is no complete answer; empty when there is
  std::optional<std::chrono::milliseconds> retry_after{};
};

class Exchange {
 public:
  struct Limits {
    std::chrono::milliseconds idle_timeout{};
    std::size_t max_reply_bytes = 0;
  };
  /// What arrives of a reply with status 2xx; false ends the exchange. Called on the calling
  /// thread, outside libcurl: it may throw.
  using OnBytes = std::function<bool(std::string_view)>;

  explicit Exchange(Limits limits) : limits_(limits) {}

  /// Any thread, several at once. Without `on_bytes` the reply is in the answer's body.
  Answer perform(const HttpRequest& request, const std::stop_token& stop, const OnBytes& on_bytes);

 private:
  // The connections live in the multi handle.
  struct MultiDeleter {
    void operator()(CURLM* handle) const noexcept { curl_multi_cleanup(handle); }
  };
  struct Line {
    std::unique_ptr<CURLM, MultiDeleter> multi;
    CurlEasy easy;
  };
  struct Transfer;

  Line take_line();
  void give_back(Line line) noexcept;
  void run(Line& line, Transfer& transfer, const std::stop_token& stop, const OnBytes& on_bytes);

  static constexpr std::size_t kSpareLines = 16;

  const Limits limits_;
  std::mutex mutex_;  // guards spare_
  std::vector<Line> spare_;
};

}  // namespace openai
}  // namespace v0
}  // namespace llmtrace
