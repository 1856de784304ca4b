// Many producers against a server that answers badly, with overflow, several clients, flushes and
// shutdowns in mid-flight. What is asserted is conservation: at every moment no more settled than
// submitted, at the end nothing in memory, and the counters equal to what the producers did and the
// server took.
//
// LLMTRACE_DEEP=1 runs each for longer.
#include <gtest/gtest.h>
#include <langfuse/langfuse.h>
#include <llmtrace/observe.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kProducers = 8;

int rounds() {
  const char* const deep = std::getenv("LLMTRACE_DEEP");
  return deep != nullptr && *deep != '\0' ? 200'000 : 4'000;
}

// Answers each request at once, some of them badly, drawn from a fixed seed.
class MoodyHttpClient final : public llmtrace::HttpClient {
 public:
  explicit MoodyHttpClient(int failures_in_ten) : failures_in_ten_(failures_in_ten) {}

  void send(std::uint64_t id, const llmtrace::HttpRequest& /*request*/) override {
    static constexpr int kFailures[] = {503, 429, 413, 400, 0};
    llmtrace::HttpReply reply;
    reply.id = id;
    reply.request_sent = true;
    const bool fails = static_cast<int>(random_() % 10) < failures_in_ten_;
    reply.status = fails ? kFailures[random_() % std::size(kFailures)] : 200;
    reply.complete = reply.status != 0;
    replies_.push_back(std::move(reply));
  }
  std::vector<llmtrace::HttpReply> poll(milliseconds timeout) override {
    std::unique_lock lock(mutex_);
    if (replies_.empty()) wake_.wait_for(lock, timeout, [this] { return woken_; });
    woken_ = false;
    return std::exchange(replies_, {});
  }
  void cancel(std::uint64_t id) noexcept override {
    std::erase_if(replies_, [id](const llmtrace::HttpReply& reply) { return reply.id == id; });
  }
  void wakeup() noexcept override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    wake_.notify_one();
  }
  llmtrace::HttpReply fetch(const llmtrace::HttpRequest& /*request*/) override { return {}; }

 private:
  const int failures_in_ten_;
  std::mt19937 random_{17};  // flusher thread only, as replies_
  std::vector<llmtrace::HttpReply> replies_;
  std::mutex mutex_;  // guards woken_
  std::condition_variable wake_;
  bool woken_ = false;
};

class QuietLog final : public llmtrace::LogSink {
 public:
  void log(llmtrace::LogLevel /*level*/, std::string_view /*message*/) override {}
};

std::shared_ptr<llmtrace::Transport> transport(int failures_in_ten, std::size_t max_bytes,
                                               llmtrace::Overflow overflow) {
  return llmtrace::Transport::create(
      {.max_bytes = max_bytes,
       .overflow = overflow,
       .http_client = std::make_shared<MoodyHttpClient>(failures_in_ten),
       .log_sink = std::make_shared<QuietLog>()});
}

langfuse::Config config(std::shared_ptr<llmtrace::Transport> shared) {
  langfuse::Config config;
  config.public_key = "pk";
  config.secret_key = llmtrace::Secret("sk");
  config.base_url = "http://127.0.0.1:1";
  config.flush_interval = milliseconds(1);
  config.flush_at = 50;
  config.shutdown_timeout = milliseconds(50);
  config.transport = std::move(shared);
  return config;
}

int work(int number) {
  OBSERVE_BODY(number) { return number + 1; };
}

template <class Function>
void run_producers(Function function) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < kProducers; ++i) threads.emplace_back([function, i] { function(i); });
}

void expect_conserved(const llmtrace::DestinationStats& stats) {
  EXPECT_EQ(stats.submitted, stats.delivered + stats.dropped_total() + stats.in_memory);
  EXPECT_EQ(stats.in_memory, 0U);
}

TEST(Stress, CountersAddUpAtEveryMoment) {
  langfuse::Client client(
      config(transport(3, std::size_t{1} << 20, llmtrace::Overflow::drop_newest())));
  std::atomic<bool> done{false};
  std::jthread watcher([&] {
    while (!done.load()) {
      const llmtrace::DestinationStats stats = client.stats();
      ASSERT_GE(stats.submitted, stats.delivered + stats.dropped_total());
      ASSERT_LE(stats.in_memory, stats.submitted);
    }
  });

  run_producers([](int producer) {
    for (int i = 0; i < rounds(); ++i) work(producer * rounds() + i);
  });
  client.shutdown(milliseconds(200));
  done.store(true);

  EXPECT_EQ(client.stats().submitted, static_cast<std::uint64_t>(kProducers * rounds()));
  expect_conserved(client.stats());
}

TEST(Stress, BlockingLosesNothing) {
  langfuse::Client client(
      config(transport(0, std::size_t{256} << 10, llmtrace::Overflow::block(seconds(60)))));

  run_producers([](int producer) {
    for (int i = 0; i < rounds(); ++i) work(producer + i);
  });

  EXPECT_TRUE(client.flush(seconds(60)));
  EXPECT_EQ(client.stats().delivered, static_cast<std::uint64_t>(kProducers * rounds()));
  expect_conserved(client.stats());
}

TEST(Stress, FlushesAndShutdownInMidFlight) {
  langfuse::Client client(
      config(transport(2, std::size_t{1} << 20, llmtrace::Overflow::drop_newest())));
  std::jthread closer([&] {
    for (int i = 0; i < 20; ++i) client.flush(milliseconds(5));
    client.shutdown(milliseconds(20));
  });

  run_producers([&](int producer) {
    for (int i = 0; i < rounds(); ++i) {
      auto span = client.span({.name = "work", .input = producer});
      span.update({.output = i});
      client.score({.name = "quality", .value = 0.5, .trace_id = span.trace_id()});
      if (i % 100 == producer) client.flush(milliseconds(1));
    }
  });
  closer.join();

  EXPECT_EQ(client.stats().submitted, static_cast<std::uint64_t>(2 * kProducers * rounds()));
  expect_conserved(client.stats());
}

TEST(Stress, ClientsComeAndGoWhileOthersTrace) {
  const auto shared = transport(1, std::size_t{4} << 20, llmtrace::Overflow::drop_newest());
  langfuse::Client steady(config(shared));
  std::atomic<bool> done{false};
  std::jthread visitors([&] {
    while (!done.load()) {
      langfuse::Client visitor(config(shared));
      work(1);
      visitor.shutdown(milliseconds(5));
      // What a producer was handing in at that moment is settled when the flusher meets it.
      const auto deadline = std::chrono::steady_clock::now() + seconds(20);
      while (visitor.stats().in_memory != 0 && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::yield();
      }
      expect_conserved(visitor.stats());
    }
  });

  run_producers([](int producer) {
    for (int i = 0; i < rounds() / 4; ++i) work(producer + i);
  });
  done.store(true);
  visitors.join();
  steady.shutdown(seconds(10));

  EXPECT_GE(steady.stats().submitted, static_cast<std::uint64_t>(kProducers * (rounds() / 4)));
  expect_conserved(steady.stats());
}

TEST(Stress, OneObservationFromManyThreads) {
  langfuse::Client client(
      config(transport(0, std::size_t{4} << 20, llmtrace::Overflow::block(seconds(30)))));
  const auto trace = client.trace({.name = "shared"});
  std::atomic<int> ends{0};

  for (int round = 0; round < rounds() / 20; ++round) {
    const auto span = trace.span({.name = "contended"});
    run_producers([&](int producer) {
      span.update({.metadata = {{"producer", producer}}});
      const auto child = span.start_observation({.name = "child"});
      auto scope = child.activate();
      work(producer);
      span.end();
      ends.fetch_add(1);
    });
  }
  trace.end();

  ASSERT_TRUE(client.flush(seconds(60)));
  const auto spans = static_cast<std::uint64_t>(rounds() / 20);
  EXPECT_EQ(client.stats().delivered, 1 + spans + 2 * spans * kProducers);
  expect_conserved(client.stats());
}

}  // namespace
