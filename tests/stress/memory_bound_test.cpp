// R22: sixteen threads and a server that takes nothing. The process stays within the budget and
// what it costs to hold it, and every observation is accounted for. In a process of its own, whose
// peak is this work's.
//
// A million observations; LLMTRACE_DEEP=1: ten million.
#include <gtest/gtest.h>
#include <langfuse/langfuse.h>

#include <thread>
#include <vector>

#include "tests/support/own_process.h"
#include "tests/support/resident_memory.h"
#include "tests/support/run_length.h"
#include "tests/support/scripted_server.h"

namespace {

using llmtrace::testing::memory_field;
using llmtrace::testing::run_length;
using llmtrace::testing::run_scenario;
using llmtrace::testing::ScriptedServer;
using std::chrono::milliseconds;

constexpr int kProducers = 16;
constexpr std::size_t kMebibyte = std::size_t{1} << 20;
constexpr std::size_t kPeakBytes = 96 * kMebibyte;

class QuietLog final : public llmtrace::LogSink {
 public:
  void log(llmtrace::LogLevel /*level*/, std::string_view /*message*/) override {}
};

TEST(MemoryScenario, DISABLED_ServerTakesNothing) {
  const int per_producer = run_length(1'000'000, 10'000'000) / kProducers;
  langfuse::Config config;
  config.public_key = "pk";
  config.secret_key = llmtrace::Secret("sk");
  config.base_url = llmtrace::testing::scenario_url();
  config.transport = llmtrace::Transport::create({.log_sink = std::make_shared<QuietLog>()});
  langfuse::Client client(config);
  const std::size_t at_start = memory_field("VmRSS:");
  {
    std::vector<std::jthread> producers;
    for (int producer = 0; producer < kProducers; ++producer) {
      producers.emplace_back([&client, per_producer] {
        for (int i = 0; i < per_producer; ++i) client.span({.name = "work", .input = i}).end();
      });
    }
  }
  const std::size_t peak = memory_field("VmHWM:");
  const llmtrace::DestinationStats full = client.stats();
  client.shutdown(milliseconds(100));
  const llmtrace::DestinationStats end = client.stats();

  std::printf("%llu submitted, %llu held; %zu KiB at start, peak %zu KiB\n",
              static_cast<unsigned long long>(full.submitted),
              static_cast<unsigned long long>(full.in_memory), at_start / 1024, peak / 1024);
  EXPECT_LE(peak, kPeakBytes);
  EXPECT_EQ(full.submitted, static_cast<std::uint64_t>(per_producer) * kProducers);
  EXPECT_EQ(full.submitted, full.delivered + full.dropped_total() + full.in_memory);
  EXPECT_EQ(full.delivered, 0U);
  EXPECT_LE(full.in_memory, 100'000U);
  EXPECT_GE(full.in_memory, 90'000U);
  EXPECT_EQ(end.in_memory, 0U);
  EXPECT_EQ(end.submitted, end.dropped_total());
}

class MemoryBound : public ::testing::Test {
 protected:
  // Their allocators keep what was freed, and shadow it.
  void SetUp() override {
    if (llmtrace::testing::kSanitized) GTEST_SKIP() << "a sanitizer's memory is not the program's";
  }
};

TEST_F(MemoryBound, HoldsWhileTheServerHangs) {
  ScriptedServer server;
  server.always({.hold = true});

  EXPECT_EQ(run_scenario("MemoryScenario.ServerTakesNothing", server.url(), 250), 0);
}

TEST_F(MemoryBound, HoldsWhileConnectionsAreRefused) {
  std::string url;
  {
    const ScriptedServer gone;
    url = gone.url();
  }

  EXPECT_EQ(run_scenario("MemoryScenario.ServerTakesNothing", url, 250), 0);
}

}  // namespace
