// An HttpClient without a network: keeps every request and answers as a server does.
#pragma once

#include <llmtrace/http_client.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

class RecordingHttpClient final : public llmtrace::HttpClient {
 public:
  struct Answer {
    std::string path{};  ///< to requests whose URL ends with it
    int status = 200;
    std::string body{};
  };
  struct Request {
    std::string method{};
    std::string url{};
    std::string content_type{};
    std::string body{};
  };

  /// What no answer fits is answered with 200 and {}.
  explicit RecordingHttpClient(std::vector<Answer> answers = {}) : answers_(std::move(answers)) {}

  void send(std::uint64_t id, const llmtrace::HttpRequest& request) override {
    replies_.push_back(answer(request));
    replies_.back().id = id;
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
  llmtrace::HttpReply fetch(const llmtrace::HttpRequest& request) override {
    return answer(request);
  }

  /// In the order in which they were sent.
  std::vector<Request> requests_to(std::string_view path) const {
    const std::lock_guard lock(mutex_);
    return found(path);
  }
  /// Throws std::runtime_error when there are fewer after ten seconds.
  void wait_for_requests_to(std::string_view path, std::size_t count) const {
    std::unique_lock lock(mutex_);
    const bool there =
        sent_.wait_for(lock, std::chrono::seconds(10), [&] { return found(path).size() >= count; });
    if (!there) throw std::runtime_error("too few requests to " + std::string(path));
  }

 private:
  std::vector<Request> found(std::string_view path) const {
    std::vector<Request> requests;
    for (const Request& request : requests_) {
      if (request.url.ends_with(path)) requests.push_back(request);
    }
    return requests;
  }
  llmtrace::HttpReply answer(const llmtrace::HttpRequest& request) {
    llmtrace::HttpReply reply{.status = 200, .body = "{}", .complete = true, .request_sent = true};
    for (const Answer& candidate : answers_) {
      if (!request.url.ends_with(candidate.path)) continue;
      reply.status = candidate.status;
      reply.body = candidate.body;
      break;
    }
    std::string content_type;
    for (const llmtrace::HttpHeader& header : request.headers) {
      if (header.name == "Content-Type") content_type = header.value;
    }
    const std::lock_guard lock(mutex_);
    requests_.push_back({request.method, request.url, content_type, std::string(request.body)});
    sent_.notify_all();
    return reply;
  }

  const std::vector<Answer> answers_;
  std::vector<llmtrace::HttpReply> replies_;  // flusher thread only
  mutable std::mutex mutex_;                  // guards the rest
  std::condition_variable wake_;
  mutable std::condition_variable sent_;
  bool woken_ = false;
  std::vector<Request> requests_;
};
