// InstantHttpClient answers every request with 200 at once; nothing leaves the process. Recording
// in memory works over it, and the benchmarks: what they measure is the SDK alone.
#pragma once

#include <llmtrace/http_client.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace llmtrace {
inline namespace v0 {

class InstantHttpClient final : public HttpClient {
 public:
  void send(std::uint64_t id, const HttpRequest& /*request*/) override {
    replies_.push_back(accepted(id));
  }
  std::vector<HttpReply> poll(std::chrono::milliseconds timeout) override {
    if (!replies_.empty()) return std::exchange(replies_, {});
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, timeout, [this] { return wake_; });
    wake_ = false;
    return {};
  }
  void cancel(std::uint64_t id) noexcept override {
    std::erase_if(replies_, [id](const HttpReply& reply) { return reply.id == id; });
  }
  void wakeup() noexcept override {
    const std::lock_guard lock(mutex_);
    wake_ = true;
    woken_.notify_one();
  }
  HttpReply fetch(const HttpRequest& /*request*/) override { return accepted(0); }

 private:
  static HttpReply accepted(std::uint64_t id) {
    return {.id = id, .status = 200, .complete = true, .request_sent = true};
  }

  std::vector<HttpReply> replies_;  // flusher thread only
  std::mutex mutex_;                // guards wake_
  std::condition_variable woken_;
  bool wake_ = false;
};

}  // namespace v0
}  // namespace llmtrace
