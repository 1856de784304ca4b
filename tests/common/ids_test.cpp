#include <gtest/gtest.h>
#include <llmtrace/ids.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/src/id_types.h"

namespace {

using llmtrace::create_observation_id;
using llmtrace::create_trace_id;
using llmtrace::IdSource;
using llmtrace::is_sampled;
using llmtrace::Timestamp;
using llmtrace::TraceId;
using llmtrace::Uuid;

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The expected digits are what `printf external-request-id | sha256sum` prints.
TEST(CreateTraceId, IsThePrefixOfTheSeedsSha256) {
  EXPECT_EQ(create_trace_id("external-request-id"), "5f7d17a13c3231ed47e001e5db8b2263");
  EXPECT_EQ(create_observation_id("external-request-id"), "5f7d17a13c3231ed");
  EXPECT_EQ(create_trace_id(""), "e3b0c44298fc1c149afbf4c8996fb924");
}

TEST(CreateTraceId, WithoutASeedIsNewEachTime) {
  const std::string first = create_trace_id();

  EXPECT_EQ(first.size(), 32U);
  EXPECT_TRUE(is_lower_hex(first));
  EXPECT_NE(create_trace_id(), first);
}

TEST(IdSource, MakesUuidsOfVersionSevenFromTheTime) {
  IdSource ids;
  const Timestamp time = Timestamp() + std::chrono::milliseconds(0x0123456789ABLL);

  const Uuid uuid = ids.next(time);

  const std::string text = llmtrace::uuid_text(uuid);
  ASSERT_EQ(text.size(), 36U);
  EXPECT_EQ(text.substr(0, 13), "01234567-89ab");
  EXPECT_EQ(text[14], '7');
  EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos) << text;
  for (const std::size_t hyphen : {8U, 13U, 18U, 23U}) EXPECT_EQ(text[hyphen], '-');
}

TEST(IdSource, SpanIdIsTheUuidsSecondHalf) {
  const Uuid uuid = IdSource().next(std::chrono::system_clock::now());

  EXPECT_EQ(llmtrace::to_hex(llmtrace::span_id_of(uuid)), llmtrace::to_hex(uuid).substr(16));
}

TEST(IdSource, TakesTimesBeforeTheEpoch) {
  const Uuid uuid = IdSource().next(Timestamp() - std::chrono::hours(1));

  EXPECT_EQ(llmtrace::uuid_text(uuid)[14], '7');
}

TEST(IdSource, IsUniqueAcrossEightThreads) {
  constexpr std::size_t kThreads = 8;
  constexpr std::size_t kPerThread = 20'000;
  IdSource ids;
  const Timestamp same_time = std::chrono::system_clock::now();
  std::vector<std::vector<std::string>> made(kThreads);

  {
    std::vector<std::jthread> threads;
    for (auto& mine : made) {
      threads.emplace_back([&ids, &mine, same_time] {
        for (std::size_t i = 0; i < kPerThread; ++i) {
          mine.push_back(llmtrace::to_hex(llmtrace::span_id_of(ids.next(same_time))));
        }
      });
    }
  }

  std::vector<std::string> all;
  for (const auto& mine : made) all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all.size(), kThreads * kPerThread);
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

TEST(IdSource, WithASeedRepeatsItself) {
  IdSource first(42);
  IdSource again(42);
  IdSource other(43);
  const Timestamp time;

  const Uuid id = first.next(time);

  EXPECT_EQ(id, again.next(time));
  EXPECT_NE(id, other.next(time));
  EXPECT_NE(id, first.next(time));
}

TEST(TraceIdFrom, KeepsHexAndHashesEverythingElse) {
  const std::string hex = "0123456789abcdef0123456789ABCDEF";
  const auto trace_id = [](std::string_view text) {
    return llmtrace::to_hex(llmtrace::trace_id_from(text));
  };

  EXPECT_EQ(trace_id(hex), "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(trace_id("order-7"), create_trace_id("order-7"));
  EXPECT_EQ(trace_id(std::string(32, '0')), create_trace_id(std::string(32, '0')));
  EXPECT_EQ(trace_id(hex + "0"), create_trace_id(hex + "0"));
  EXPECT_EQ(llmtrace::to_hex(llmtrace::span_id_from("0123456789abcdef")), "0123456789abcdef");
  EXPECT_EQ(llmtrace::to_hex(llmtrace::span_id_from("x")), create_observation_id("x"));
}

TEST(UuidFrom, TakesBothSpellings) {
  const Uuid uuid = IdSource().next(std::chrono::system_clock::now());

  EXPECT_EQ(llmtrace::uuid_from(llmtrace::uuid_text(uuid)), uuid);
  EXPECT_EQ(llmtrace::uuid_from(llmtrace::to_hex(uuid)), uuid);
}

TEST(UuidFrom, HashesOtherTextWithItsHyphens) {
  EXPECT_NE(llmtrace::uuid_from("order-12-3"), llmtrace::uuid_from("order-1-23"));
  EXPECT_EQ(llmtrace::uuid_from("order-12-3"), llmtrace::uuid_from("order-12-3"));
  EXPECT_EQ(llmtrace::to_hex(llmtrace::uuid_from("order-12-3")), create_trace_id("order-12-3"));
}

TEST(IsSampled, KeepsAllAtOneAndNoneAtZero) {
  TraceId lowest{};
  TraceId highest;
  highest.fill(0xFF);

  EXPECT_TRUE(is_sampled(highest, 1));
  EXPECT_FALSE(is_sampled(lowest, 0));
  EXPECT_TRUE(is_sampled(lowest, 1e-9));
  EXPECT_FALSE(is_sampled(highest, 0.999999));
  EXPECT_FALSE(is_sampled(lowest, std::nan("")));
}

TEST(IsSampled, LooksAtTheLow56BitsOnly) {
  TraceId id{};
  std::fill(id.begin(), id.begin() + 9, std::uint8_t{0xFF});

  EXPECT_TRUE(is_sampled(id, 1e-6));
}

TEST(IsSampled, KeepsTheShareThatWasAsked) {
  constexpr int kTraces = 100'000;
  IdSource ids(7);
  for (const double rate : {0.01, 0.25, 0.5, 0.9}) {
    int kept = 0;
    for (int i = 0; i < kTraces; ++i) kept += is_sampled(ids.next(Timestamp()), rate) ? 1 : 0;

    // Five standard deviations; the seed is fixed, so this always gives the same answer.
    const double deviation = std::sqrt(kTraces * rate * (1 - rate));
    EXPECT_NEAR(kept, kTraces * rate, 5 * deviation) << rate;
  }
}

}  // namespace
