// R28: a server that writes down what it receives. Without faults everything comes once; when
// replies are lost on their way, what comes twice is no more than the client says it may be.
//
// A hundred thousand observations; LLMTRACE_DEEP=1: ten million without faults, one million with.
#include <gtest/gtest.h>
#include <langfuse/langfuse.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "tests/support/run_length.h"
#include "tests/support/scripted_server.h"

namespace {

using llmtrace::testing::run_length;
using llmtrace::testing::ScriptedServer;
using llmtrace::testing::ServerReply;
using llmtrace::testing::ServerRequest;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kMark = "observation-";
constexpr std::size_t kDigits = 9;

std::string name_of(int number) {
  std::string digits = std::to_string(number);
  return std::string(kMark) + std::string(kDigits - digits.size(), '0') + digits;
}

/// How often each observation came, by its name, which stands in the body as it is.
class Ledger {
 public:
  explicit Ledger(int count) : arrivals_(static_cast<std::size_t>(count)) {}

  void read(const std::string& body) {
    const std::lock_guard lock(mutex_);
    bool repeats = false;
    for (std::size_t at = body.find(kMark); at != std::string::npos; at = body.find(kMark, at)) {
      at += kMark.size();
      repeats = ++arrivals_.at(std::stoul(body.substr(at, kDigits))) > 1 || repeats;
    }
    repeated_requests_ += repeats ? 1 : 0;
  }
  std::size_t missing() const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count(arrivals_.begin(), arrivals_.end(), 0));
  }
  std::size_t duplicates() const {
    const std::lock_guard lock(mutex_);
    std::size_t total = 0;
    for (const unsigned char count : arrivals_) total += count > 1 ? count - 1U : 0U;
    return total;
  }
  /// Requests with something in them that had come before.
  std::size_t repeated_requests() const {
    const std::lock_guard lock(mutex_);
    return repeated_requests_;
  }

 private:
  mutable std::mutex mutex_;  // guards both
  std::vector<unsigned char> arrivals_;
  std::size_t repeated_requests_ = 0;
};

class QuietLog final : public llmtrace::LogSink {
 public:
  void log(llmtrace::LogLevel /*level*/, std::string_view /*message*/) override {}
};

langfuse::Config config_for(const ScriptedServer& server) {
  langfuse::Config config;
  config.public_key = "pk";
  config.secret_key = llmtrace::Secret("sk");
  config.base_url = server.url();
  config.transport =
      llmtrace::Transport::create({.overflow = llmtrace::Overflow::block(seconds(120)),
                                   .log_sink = std::make_shared<QuietLog>()});
  return config;
}

TEST(Duplicates, ThereAreNoneWithoutFaults) {
  const int count = run_length(100'000, 10'000'000);
  Ledger ledger(count);
  ScriptedServer server([&](const ServerRequest& request, std::size_t) {
    ledger.read(request.body);
    return ServerReply();
  });
  server.keep_no_bodies();
  langfuse::Client client(config_for(server));

  for (int i = 0; i < count; ++i) client.span({.name = name_of(i)}).end();

  EXPECT_TRUE(client.flush(seconds(120)));
  EXPECT_EQ(ledger.missing(), 0U);
  EXPECT_EQ(ledger.duplicates(), 0U);
  EXPECT_EQ(client.stats().delivered, static_cast<std::uint64_t>(count));
  EXPECT_EQ(client.stats().ambiguous_resends, 0U);
}

// The counter counts requests: one of them may repeat as many items as a batch has.
TEST(Duplicates, AreNoMoreThanTheAmbiguousResends) {
  const int count = run_length(100'000, 1'000'000);
  constexpr std::size_t kBatch = 10;
  Ledger ledger(count);
  std::mutex mutex;
  std::mt19937 random(28);  // guarded by mutex
  std::size_t resets = 0;   // so is this
  ScriptedServer server([&](const ServerRequest& request, std::size_t) {
    ledger.read(request.body);
    const std::lock_guard lock(mutex);
    if (random() % 100 != 0) return ServerReply();
    ++resets;
    // Before the status line is complete, after it, or after all that a client needs to know.
    return ServerReply{.cut_at = random() % 40, .reset = random() % 2 == 0};
  });
  server.keep_no_bodies();
  langfuse::Config small = config_for(server);
  small.flush_at = kBatch;
  langfuse::Client client(small);

  std::atomic<bool> done{false};
  std::jthread producer([&] {
    for (int i = 0; i < count; ++i) client.span({.name = name_of(i)}).end();
    done = true;
  });
  const auto limit = std::chrono::steady_clock::now() + seconds(250);
  while ((!done || client.stats().in_memory != 0) && std::chrono::steady_clock::now() < limit) {
    client.flush(milliseconds(20));  // skips the backoff
  }
  producer.join();

  const llmtrace::DestinationStats stats = client.stats();
  std::printf("%zu replies were cut, %llu ambiguous resends, %zu requests repeated something\n",
              resets, static_cast<unsigned long long>(stats.ambiguous_resends),
              ledger.repeated_requests());
  EXPECT_EQ(ledger.missing(), 0U);
  EXPECT_EQ(stats.delivered, static_cast<std::uint64_t>(count));
  EXPECT_EQ(stats.dropped_total(), 0U);
  EXPECT_GT(resets, 0U);
  EXPECT_GT(ledger.repeated_requests(), 0U);
  EXPECT_LE(ledger.repeated_requests(), stats.ambiguous_resends);
  EXPECT_LE(ledger.duplicates(), stats.ambiguous_resends * kBatch);
}

}  // namespace
