// Threads that are kept, in this process.
#include "samples/observability_service/worker_threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace service::testing {
namespace {

// With fewer threads than works this would wait for ever.
TEST(WorkerThreads, BeginsAllWorkAtOnce) {
  constexpr int kWorks = 8;
  WorkerThreads threads;
  std::latch all_begun(kWorks);
  std::vector<std::future<void>> works;

  for (int i = 0; i < kWorks; ++i) {
    works.push_back(threads.run([&] { all_begun.arrive_and_wait(); }));
  }

  for (std::future<void>& work : works) work.get();
}

TEST(WorkerThreads, AreUsedAgain) {
  WorkerThreads threads;
  std::set<std::thread::id> seen;

  for (int i = 0; i < 100; ++i) {
    threads.run([&] { seen.insert(std::this_thread::get_id()); }).get();
  }

  EXPECT_EQ(seen.size(), 1U);
}

TEST(WorkerThreads, HandOnWhatWorkThrows) {
  WorkerThreads threads;

  std::future<void> work = threads.run([] { throw std::runtime_error("no"); });

  EXPECT_THROW(work.get(), std::runtime_error);
}

TEST(WorkerThreads, EndAfterAllThatTheyWereGiven) {
  std::atomic<int> done{0};
  {
    WorkerThreads threads;
    for (int i = 0; i < 50; ++i) threads.run([&] { ++done; });
  }
  EXPECT_EQ(done, 50);
}

}  // namespace
}  // namespace service::testing
