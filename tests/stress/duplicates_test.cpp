// R28: a server that writes down what it receives. Without faults everything comes once; when
// replies are lost on their way, what comes twice is no more than the client says it may be.
//
// A hundred thousand observations; LLMTRACE_DEEP=1: ten million without faults, one million with.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <random>
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
using llmtrace::tests::run_length;
using llmtrace::tests::ScriptedServer;
using llmtrace::tests::ServerReply;
using llmtrace::tests::ServerRequest;
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
  explicit Ledger(int count)
      : arrivals_(static_cast<std::size_t>(count)), ends_(static_cast<std::size_t>(count)) {}

  template <class Vendor>
  void read(const std::string& body) {
    const std::lock_guard lock(mutex_);
    bool repeats = false;
    for (std::size_t at = body.find(kMark); at != std::string::npos; at = body.find(kMark, at)) {
      // Of what was still open at a flush, start and end come one after the other.
      auto& counts = Vendor::is_end(body, at) ? ends_ : arrivals_;
      at += kMark.size();
      repeats = ++counts.at(std::stoul(body.substr(at, kDigits))) > 1 || repeats;
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
    for (const auto* counts : {&arrivals_, &ends_}) {
      for (const unsigned char count : *counts) total += count > 1 ? count - 1U : 0U;
    }
    return total;
  }
  /// Requests with something in them that had come before.
  std::size_t repeated_requests() const {
    const std::lock_guard lock(mutex_);
    return repeated_requests_;
  }

 private:
  mutable std::mutex mutex_;  // guards all of it
  std::vector<unsigned char> arrivals_;
  std::vector<unsigned char> ends_;
  std::size_t repeated_requests_ = 0;
};

llmtrace::TransportOptions patient() {
  return {.overflow = llmtrace::Overflow::block(seconds(120))};
}

template <class Vendor>
class Duplicates : public ::testing::Test {
 protected:
  explicit Duplicates(int count) : count_(count), ledger_(count) {}

  /// What the vendor's server answers when nothing is wrong.
  ServerReply take(const ServerRequest& request) {
    if (!Vendor::is_ingestion(request)) return {.body = LangSmith::kInfo};
    ledger_.read<Vendor>(Vendor::content(request));
    return {};
  }

  const int count_;
  Ledger ledger_;
};

struct NameOfVendor {
  template <class Vendor>
  static std::string GetName(int /*index*/) {
    return Vendor::kName;
  }
};
using Vendors = ::testing::Types<Langfuse, LangSmith>;

int count_without_faults() { return run_length(100'000, 10'000'000); }

template <class Vendor>
class DuplicatesWithoutFaults : public Duplicates<Vendor> {
 protected:
  DuplicatesWithoutFaults() : Duplicates<Vendor>(count_without_faults()) {}
};
TYPED_TEST_SUITE(DuplicatesWithoutFaults, Vendors, NameOfVendor);

// The client, in a process of its own, whose memory is this work's.
template <class Vendor>
void send_all() {
  constexpr std::size_t kMebibyte = std::size_t{1} << 20;
  const int count = count_without_faults();
  typename Vendor::Client client(Vendor::config(llmtrace::tests::scenario_url(), patient()));

  for (int i = 0; i < count; ++i) Vendor::observe(client, name_of(i), i);

  EXPECT_TRUE(client.flush(seconds(120)));
  EXPECT_EQ(client.stats().delivered, static_cast<std::uint64_t>(count));
  EXPECT_EQ(client.stats().ambiguous_resends, 0U);
  const std::size_t peak = llmtrace::tests::memory_field("VmHWM:");
  std::printf("peak %zu KiB\n", peak / 1024);
  if (!llmtrace::tests::kSanitized) {
    EXPECT_LE(peak, llmtrace::TransportOptions().max_bytes + 32 * kMebibyte);
  }
}
TEST(DuplicatesScenario, DISABLED_Langfuse) { send_all<Langfuse>(); }
TEST(DuplicatesScenario, DISABLED_LangSmith) { send_all<LangSmith>(); }

TYPED_TEST(DuplicatesWithoutFaults, ThereAreNone) {
  ScriptedServer server(
      [this](const ServerRequest& request, std::size_t) { return this->take(request); });
  server.keep_no_bodies();

  const std::string scenario = std::string("DuplicatesScenario.") + TypeParam::kName;
  EXPECT_EQ(llmtrace::tests::run_scenario(scenario, server.url(), 290), 0);

  EXPECT_EQ(this->ledger_.missing(), 0U);
  EXPECT_EQ(this->ledger_.duplicates(), 0U);
}

template <class Vendor>
class DuplicatesWithFaults : public Duplicates<Vendor> {
 protected:
  DuplicatesWithFaults() : Duplicates<Vendor>(run_length(100'000, 1'000'000)) {}

  /// One reply in a hundred is cut.
  ServerReply take_badly(const ServerRequest& request) {
    ServerReply reply = this->take(request);
    const std::lock_guard lock(mutex_);
    if (!Vendor::is_ingestion(request) || random_() % 100 != 0) return reply;
    ++resets_;
    // Before the status line is complete, after it, or after all that a client needs to know.
    reply.cut_at = random_() % 40;
    reply.reset = random_() % 2 == 0;
    return reply;
  }

  std::mutex mutex_;  // guards both
  std::mt19937 random_{28};
  std::size_t resets_ = 0;
};
TYPED_TEST_SUITE(DuplicatesWithFaults, Vendors, NameOfVendor);

// The counter counts requests: one of them may repeat as many items as a batch has.
TYPED_TEST(DuplicatesWithFaults, AreNoMoreThanTheAmbiguousResends) {
  constexpr std::size_t kBatch = 10;
  ScriptedServer server(
      [this](const ServerRequest& request, std::size_t) { return this->take_badly(request); });
  server.keep_no_bodies();
  auto config = TypeParam::config(server.url(), patient());
  TypeParam::limit_batches(config, kBatch);
  typename TypeParam::Client client(config);

  std::atomic<bool> done{false};
  std::jthread producer([&] {
    for (int i = 0; i < this->count_; ++i) TypeParam::observe(client, name_of(i), i);
    done = true;
  });
  const auto limit = std::chrono::steady_clock::now() + seconds(250);
  while ((!done || client.stats().in_memory != 0) && std::chrono::steady_clock::now() < limit) {
    client.flush(milliseconds(20));  // skips the backoff
  }
  producer.join();

  const llmtrace::DestinationStats stats = client.stats();
  std::printf("%zu replies were cut, %llu ambiguous resends, %zu requests repeated something\n",
              this->resets_, static_cast<unsigned long long>(stats.ambiguous_resends),
              this->ledger_.repeated_requests());
  EXPECT_EQ(this->ledger_.missing(), 0U);
  EXPECT_EQ(stats.delivered, static_cast<std::uint64_t>(this->count_));
  EXPECT_EQ(stats.dropped_total(), 0U);
  EXPECT_GT(this->resets_, 0U);
  EXPECT_GT(this->ledger_.repeated_requests(), 0U);
  EXPECT_LE(this->ledger_.repeated_requests(), stats.ambiguous_resends);
  EXPECT_LE(this->ledger_.duplicates(), stats.ambiguous_resends * kBatch);
}

}  // namespace
