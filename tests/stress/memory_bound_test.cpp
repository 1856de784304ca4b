// R22: sixteen threads and a server that takes nothing. The process stays within the budget and
// what it costs to hold it, and every observation is accounted for: small ones, of which the number
// is bounded, and large ones, of which the bytes are. In a process of its own, whose peak is this
// work's.
//
// A million observations; LLMTRACE_DEEP=1: ten million.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/stress/vendors.h"
#include "tests/support/own_process.h"
#include "tests/support/resident_memory.h"
#include "tests/support/run_length.h"
#include "tests/support/scripted_server.h"

namespace {

using llmtrace::tests::Langfuse;
using llmtrace::tests::LangSmith;
using llmtrace::tests::memory_field;
using llmtrace::tests::run_length;
using llmtrace::tests::run_scenario;
using llmtrace::tests::ScriptedServer;
using std::chrono::milliseconds;

constexpr int kProducers = 16;
constexpr std::size_t kMebibyte = std::size_t{1} << 20;
constexpr std::size_t kPeakBytes = 96 * kMebibyte;

struct Load {
  std::size_t payload_bytes = 0;  // 0: a number
  std::uint64_t least_held = 0;   // when memory is full
  std::uint64_t most_held = 0;
};
constexpr Load kSmall{.least_held = 90'000, .most_held = 100'000};
// 64 MiB hold no more than this many of them.
constexpr Load kLarge{.payload_bytes = 2048, .least_held = 20'000, .most_held = 32'768};

template <class Vendor>
void submit(typename Vendor::Client& client, const Load& load, int number) {
  if (load.payload_bytes == 0) {
    Vendor::observe(client, "work", number);
  } else {
    Vendor::observe(client, "work", std::string(load.payload_bytes, 'x'));
  }
}

template <class Vendor>
void fill_memory(const Load& load) {
  const int per_producer = run_length(1'000'000, 10'000'000) / kProducers;
  typename Vendor::Client client(Vendor::config(llmtrace::tests::scenario_url()));
  const std::size_t at_start = memory_field("VmRSS:");
  {
    std::vector<std::jthread> producers;
    for (int producer = 0; producer < kProducers; ++producer) {
      producers.emplace_back([&client, &load, per_producer] {
        for (int i = 0; i < per_producer; ++i) submit<Vendor>(client, load, i);
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
  EXPECT_LE(full.in_memory, load.most_held);
  EXPECT_GE(full.in_memory, load.least_held);
  EXPECT_EQ(end.in_memory, 0U);
  EXPECT_EQ(end.submitted, end.dropped_total());
}

TEST(MemoryScenario, DISABLED_SmallToLangfuse) { fill_memory<Langfuse>(kSmall); }
TEST(MemoryScenario, DISABLED_LargeToLangfuse) { fill_memory<Langfuse>(kLarge); }
TEST(MemoryScenario, DISABLED_SmallToLangSmith) { fill_memory<LangSmith>(kSmall); }
TEST(MemoryScenario, DISABLED_LargeToLangSmith) { fill_memory<LangSmith>(kLarge); }

class MemoryBound : public ::testing::TestWithParam<const char*> {
 protected:
  // Their allocators keep what was freed, and shadow it.
  void SetUp() override {
    if (llmtrace::tests::kSanitized) GTEST_SKIP() << "a sanitizer's memory is not the program's";
  }
  static int run_against(const std::string& url) {
    return run_scenario(std::string("MemoryScenario.") + GetParam(), url, 250);
  }
};

TEST_P(MemoryBound, HoldsWhileTheServerHangs) {
  ScriptedServer server;
  server.always({.hold = true});

  EXPECT_EQ(run_against(server.url()), 0);
}

TEST_P(MemoryBound, HoldsWhileConnectionsAreRefused) {
  std::string url;
  {
    const ScriptedServer gone;
    url = gone.url();
  }

  EXPECT_EQ(run_against(url), 0);
}

INSTANTIATE_TEST_SUITE_P(Of, MemoryBound,
                         ::testing::Values("SmallToLangfuse", "LargeToLangfuse", "SmallToLangSmith",
                                           "LargeToLangSmith"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
