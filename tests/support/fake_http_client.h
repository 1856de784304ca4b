// FakeHttpClient answers as a test's responder says, or holds a request until the test answers it.
// It records every request with its body and the time on the fake clock, and knows when the flusher
// has nothing more to do, so that "nothing is sent" can be asserted without a sleep.
#pragma once

#include <llmtrace/http_client.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/fake_clock.h"

namespace llmtrace::tests {

inline HttpReply reply_with(int status, std::string body = {},
                            std::vector<HttpHeader> headers = {}) {
  HttpReply reply;
  reply.status = status;
  reply.body = std::move(body);
  reply.headers = std::move(headers);
  reply.complete = true;
  reply.request_sent = true;
  return reply;
}

/// A connection that broke: before or after the request had left.
inline HttpReply no_reply(bool request_sent) {
  HttpReply reply;
  reply.request_sent = request_sent;
  reply.error = "the connection was closed";
  return reply;
}

class FakeHttpClient final : public HttpClient {
 public:
  struct Request {
    std::uint64_t id = 0;
    std::string method;
    std::string url;
    std::vector<HttpHeader> headers;
    std::string body;
    std::chrono::milliseconds timeout{0};
    std::chrono::steady_clock::time_point at;
    bool cancelled = false;

    std::string header(std::string_view name) const {
      for (const HttpHeader& candidate : headers) {
        if (candidate.name == name) return candidate.value;
      }
      return {};
    }
  };
  /// Nothing: the request is held until `answer`.
  using Responder = std::function<std::optional<HttpReply>(const Request&)>;

  explicit FakeHttpClient(std::shared_ptr<FakeClock> clock) : clock_(std::move(clock)) {
    clock_->on_advance([shared = shared_] {
      const std::lock_guard lock(shared->mutex);
      shared->changed.notify_all();
    });
  }

  // ---- For the test
  // ------------------------------------------------------------------------------

  void respond(Responder responder) {
    const std::lock_guard lock(shared_->mutex);
    responder_ = std::move(responder);
  }
  void respond(HttpReply reply) {
    respond([reply](const Request&) { return std::optional(reply); });
  }
  void hold() {
    respond([](const Request&) { return std::optional<HttpReply>(); });
  }
  /// Holds the requests to `url` and answers the others with 200.
  void hold(std::string url) {
    respond([url = std::move(url)](const Request& request) {
      return request.url == url ? std::optional<HttpReply>() : std::optional(reply_with(200));
    });
  }
  /// Answers a held request, by its place in `requests()`.
  void answer(std::size_t index, HttpReply reply) {
    const std::lock_guard lock(shared_->mutex);
    reply.id = requests_.at(index).id;
    held_.erase(reply.id);
    ready_.push_back(std::move(reply));
    shared_->changed.notify_all();
  }
  std::vector<Request> requests() const {
    const std::lock_guard lock(shared_->mutex);
    return requests_;
  }
  std::size_t request_count() const {
    const std::lock_guard lock(shared_->mutex);
    return requests_.size();
  }
  std::size_t held_count() const {
    const std::lock_guard lock(shared_->mutex);
    return held_.size();
  }
  /// Waits until the flusher sleeps in `poll` with nothing to wake it but time. False after
  /// `limit`.
  bool wait_idle(std::chrono::seconds limit = std::chrono::seconds(20)) {
    std::unique_lock lock(shared_->mutex);
    return shared_->changed.wait_for(lock, limit, [this] { return idle(); });
  }
  bool wait_for_requests(std::size_t count, std::chrono::seconds limit = std::chrono::seconds(20)) {
    std::unique_lock lock(shared_->mutex);
    return shared_->changed.wait_for(lock, limit, [&] { return requests_.size() >= count; });
  }
  std::size_t wakeup_count() const {
    const std::lock_guard lock(shared_->mutex);
    return wakeups_;
  }
  /// Waits until somebody has woken the flusher more than `count` times.
  bool wait_for_wakeup_after(std::size_t count,
                             std::chrono::seconds limit = std::chrono::seconds(20)) {
    std::unique_lock lock(shared_->mutex);
    return shared_->changed.wait_for(lock, limit, [&] { return wakeups_ > count; });
  }
  /// Moves the clock to what the flusher waits for next; false when that is further off than
  /// `most`.
  bool advance_to_next_deadline(std::chrono::nanoseconds most) {
    std::chrono::nanoseconds step{0};
    {
      const std::lock_guard lock(shared_->mutex);
      step = deadline_ - clock_->steady_now();
    }
    if (step > most) return false;
    clock_->advance(std::max(step, std::chrono::nanoseconds(1)));
    return true;
  }

  // ---- HttpClient
  // --------------------------------------------------------------------------------

  void send(std::uint64_t id, const HttpRequest& request) override {
    const std::lock_guard lock(shared_->mutex);
    requests_.push_back({id, request.method, request.url, request.headers,
                         std::string(request.body), request.timeout, clock_->steady_now()});
    std::optional<HttpReply> reply =
        responder_ ? responder_(requests_.back()) : std::optional(reply_with(200));
    if (reply) {
      reply->id = id;
      ready_.push_back(std::move(*reply));
    } else {
      held_[id] = requests_.size() - 1;
    }
    shared_->changed.notify_all();
  }

  std::vector<HttpReply> poll(std::chrono::milliseconds timeout) override {
    std::unique_lock lock(shared_->mutex);
    deadline_ = clock_->steady_now() + timeout;
    polling_ = true;
    shared_->changed.notify_all();
    shared_->changed.wait(lock, [this] { return !idle(); });
    polling_ = false;
    woken_ = false;
    return std::exchange(ready_, {});
  }

  void cancel(std::uint64_t id) noexcept override {
    const std::lock_guard lock(shared_->mutex);
    held_.erase(id);
    std::erase_if(ready_, [id](const HttpReply& reply) { return reply.id == id; });
    for (Request& request : requests_) request.cancelled = request.cancelled || request.id == id;
  }

  void wakeup() noexcept override {
    const std::lock_guard lock(shared_->mutex);
    woken_ = true;
    ++wakeups_;
    shared_->changed.notify_all();
  }

  HttpReply fetch(const HttpRequest& request) override {
    const std::lock_guard lock(shared_->mutex);
    requests_.push_back({0, request.method, request.url, request.headers, std::string(request.body),
                         request.timeout, clock_->steady_now()});
    return responder_ ? responder_(requests_.back()).value_or(no_reply(true)) : reply_with(200);
  }

 private:
  // Outlives the client, for the clock keeps its listeners.
  struct Shared {
    std::mutex mutex;  // guards the members below
    std::condition_variable changed;
  };

  bool idle() const {
    return polling_ && !woken_ && ready_.empty() && clock_->steady_now() < deadline_;
  }

  const std::shared_ptr<FakeClock> clock_;
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  Responder responder_;
  std::vector<Request> requests_;
  std::map<std::uint64_t, std::size_t> held_;
  std::vector<HttpReply> ready_;
  std::chrono::steady_clock::time_point deadline_{};
  bool polling_ = false;
  bool woken_ = false;
  std::size_t wakeups_ = 0;
};

}  // namespace llmtrace::tests
