// An HttpClient without a network: keeps every body and answers as a Langfuse server does.
#pragma once

#include <llmtrace/http_client.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

class RecordingHttpClient final : public llmtrace::HttpClient {
 public:
  /// Answers 404 to the path `missing`.
  explicit RecordingHttpClient(std::string missing = "") : missing_(std::move(missing)) {}

  void send(std::uint64_t id, const llmtrace::HttpRequest& request) override {
    llmtrace::HttpReply reply;
    reply.id = id;
    reply.complete = true;
    reply.request_sent = true;
    const bool is_missing = !missing_.empty() && request.url.ends_with(missing_);
    reply.status = is_missing ? 404 : 200;
    if (request.url.ends_with("/ingestion")) reply.status = 207;
    reply.body = R"({"successes":[],"errors":[]})";
    replies_.push_back(std::move(reply));
    const std::lock_guard lock(mutex_);
    sent_.emplace_back(request.url, std::string(request.body));
  }
  std::vector<llmtrace::HttpReply> poll(std::chrono::milliseconds timeout) override {
    std::unique_lock lock(mutex_);
    if (replies_.empty()) wake_.wait_for(lock, timeout, [this] { return woken_; });
    woken_ = false;
    return std::exchange(replies_, {});
  }
  void cancel(std::uint64_t /*id*/) noexcept override {}
  void wakeup() noexcept override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    wake_.notify_one();
  }
  llmtrace::HttpReply fetch(const llmtrace::HttpRequest& /*request*/) override { return {}; }

  std::string body_sent_to(std::string_view path) const {
    const std::lock_guard lock(mutex_);
    std::string bodies;
    for (const auto& [url, body] : sent_) {
      if (url.ends_with(path)) bodies += body;
    }
    return bodies;
  }

 private:
  const std::string missing_;
  std::vector<llmtrace::HttpReply> replies_;  // flusher thread only
  mutable std::mutex mutex_;                  // guards the rest
  std::condition_variable wake_;
  bool woken_ = false;
  std::vector<std::pair<std::string, std::string>> sent_;
};
