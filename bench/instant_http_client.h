// InstantHttpClient accepts everything at once, without a network: what is measured over it is the
// SDK.
#pragma once

#include <llmtrace/http_client.h>

#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace llmtrace::bench {

class InstantHttpClient final : public HttpClient {
 public:
  void send(std::uint64_t id, const HttpRequest& /*request*/) override {
    replies_.push_back({.id = id, .status = 200, .complete = true, .request_sent = true});
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
  HttpReply fetch(const HttpRequest& /*request*/) override {
    return {.status = 200, .complete = true, .request_sent = true};
  }

 private:
  std::vector<HttpReply> replies_;  // the flusher thread's
  std::mutex mutex_;                // guards wake_
  std::condition_variable woken_;
  bool wake_ = false;
};

}  // namespace llmtrace::bench
