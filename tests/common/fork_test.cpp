// Forks: what a child inherits, sends and counts.
#include "common/src/fork.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <functional>
#include <set>
#include <thread>

#include "common/src/registry.h"
#include "tests/support/lines_at.h"
#include "tests/support/own_process.h"
#include "tests/support/run_length.h"
#include "tests/support/transport_fixture.h"

namespace llmtrace::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Runs `body` in a forked child, which ends with its result; an alarm ends one that hangs.
pid_t start_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::alarm(5);
  ::_exit(body());
}

class Fork : public ::testing::Test {
 protected:
  // AddressSanitizer's allocator may be locked by another thread at the fork, and ThreadSanitizer
  // refuses threads in a child of a process with threads. glibc's malloc and ours are made for it.
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "this sanitizer does not support what is tested";
  }
  std::unique_ptr<Target> make_target(LaneLimits limits = {}) {
    return std::make_unique<Target>(
        Transport::create({.overflow = Overflow::block(seconds(60)), .log_sink = log}),
        line_destination("t", server.url(), limits));
  }
  std::shared_ptr<RecordingLogSink> log = std::make_shared<RecordingLogSink>();
  ScriptedServer server;
};

TEST_F(Fork, AChildDeliversItsOwnAndNothingOfTheParents) {
  const auto target = make_target({.linger = std::chrono::hours(1)});
  target->submit_many(5, "parent-");

  const int result = wait_for(start_child([&] {
    target->submit_many(3, "child-");
    return target->flush(seconds(10)) && target->stats().submitted == 3 &&
                   target->stats().delivered == 3
               ? 0
               : 1;
  }));

  EXPECT_EQ(result, 0);
  EXPECT_EQ(lines_at(server), (std::vector<std::string>{"child-0", "child-1", "child-2"}));
  EXPECT_TRUE(target->flush(seconds(10)));
  EXPECT_EQ(lines_at(server).size(), 8U);
}

TEST_F(Fork, AChildThatNeverTracesSendsAndStartsNothing) {
  const auto target = make_target({.linger = std::chrono::hours(1)});
  target->submit_many(5, "parent-");

  const int result = wait_for(start_child([&] {
    const bool flushed = target->flush(seconds(10));
    target->close(seconds(10));
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return flushed && std::distance(begin(tasks), end(tasks)) == 1 ? 0 : 1;
  }));

  EXPECT_EQ(result, 0);
  EXPECT_EQ(server.request_count(), 0U);
  EXPECT_TRUE(target->flush(seconds(10)));
}

TEST_F(Fork, WhatWasOpenBelongsToTheParent) {
  const auto target = make_target();
  const Ref<Cell> open = start_cell({.name = "open"}, {.destinations = &target->set()});

  const int result = wait_for(start_child([&] {
    end_cell(*open, {});
    end_cell(*open, {});
    const Ref<Cell> below = start_cell({.name = "below"}, {.parent = open.get()});
    const bool child_of = below->record.parent_span_id == open->record.span_id;
    end_cell(*below, {});
    const bool flushed = target->flush(seconds(10));  // the forked one is a drop
    const DestinationStats stats = target->stats();
    return child_of && !flushed && stats.dropped_by(DropReason::Forked) == 1 &&
                   stats.delivered == 1 && stats.in_memory == 0
               ? 0
               : 1;
  }));
  end_cell(*open, {});

  EXPECT_EQ(result, 0);
  EXPECT_TRUE(target->flush(seconds(10)));
  EXPECT_EQ(lines_at(server), (std::vector<std::string>{"below", "open"}));
}

TEST_F(Fork, IdsDifferInEveryChild) {
  const auto target = make_target();
  target->submit("warm");  // the thread's generator is seeded
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  const auto write_id = [&] {
    const Ref<Cell> cell = start_cell({.name = "x"}, {.destinations = &target->set()});
    const std::string id = uuid_text(cell->record.uuid);
    return ::write(pipe[1], id.data(), id.size()) == static_cast<ssize_t>(id.size()) ? 0 : 1;
  };

  for (int i = 0; i < 8; ++i) EXPECT_EQ(wait_for(start_child(write_id)), 0);
  EXPECT_EQ(write_id(), 0);

  std::set<std::string> ids;
  for (int i = 0; i < 9; ++i) {
    std::string id(36, '\0');
    ASSERT_EQ(::read(pipe[0], id.data(), id.size()), 36);
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 9U);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST_F(Fork, AnExecutedProgramInheritsNoConnection) {
  const auto target = make_target();
  target->submit("x");
  EXPECT_TRUE(target->flush(seconds(10)));  // a kept-alive connection is open now

  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c",
            "for fd in /proc/$$/fd/*; do"
            "  inode=$(readlink $fd | sed -n 's/socket:\\[\\(.*\\)\\]/\\1/p');"
            "  if [ -n \"$inode\" ] && grep -q \" $inode \" /proc/net/tcp; then exit 9; fi;"
            "done",
            nullptr);
    ::_exit(1);
  }
  EXPECT_EQ(wait_for(child), 0);
  target->submit("y");
  EXPECT_TRUE(target->flush(seconds(10)));
}

// R13: five patterns, each so often. A child that deadlocks is ended by its alarm.
int rounds() { return run_length(100, 1000); }

TEST_F(Fork, ManyChildrenThatLogDeliverTheirOwnOnly) {
  const auto target = make_target({.linger = std::chrono::hours(1)});
  target->submit_many(5, "parent-");
  target->submit("warm");

  for (int round = 0; round < rounds(); ++round) {
    const int result = wait_for(start_child([&] {
      target->submit("child-" + std::to_string(round));
      return target->flush(seconds(4)) && target->stats().submitted == 1 ? 0 : 1;
    }));
    ASSERT_EQ(result, 0) << round;
  }

  const auto lines = lines_at(server);
  EXPECT_EQ(lines.size(), static_cast<std::size_t>(rounds())) << "the parent's were sent too";
  for (const std::string& line : lines) EXPECT_TRUE(line.starts_with("child-")) << line;
  EXPECT_TRUE(target->flush(seconds(10)));
  EXPECT_EQ(lines_at(server).size(), static_cast<std::size_t>(rounds()) + 6);
}

TEST_F(Fork, ManyExecutedProgramsDisturbNothing) {
  const auto target = make_target({.max_items = 4});

  for (int round = 0; round < rounds(); ++round) {
    target->submit_many(10, std::to_string(round) + "-");
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(5);
      ::execl("/bin/true", "true", nullptr);
      ::_exit(1);
    }
    ASSERT_EQ(wait_for(child), 0) << round;
  }

  EXPECT_TRUE(target->flush(seconds(20)));
  const auto lines = lines_at(server);
  EXPECT_EQ(lines.size(), 10 * static_cast<std::size_t>(rounds()));
  EXPECT_EQ(std::set<std::string>(lines.begin(), lines.end()).size(), lines.size());
}

// Eight workers at a time, a hundred observations each: a hundred workers in CI, a thousand deep.
TEST_F(Fork, PreforkedWorkersAllDeliver) {
  constexpr int kWorkers = 8;
  constexpr int kItems = 100;
  const auto target = make_target();
  target->submit("parent");
  const int groups = (rounds() + kWorkers - 1) / kWorkers;
  for (int group = 0; group < groups; ++group) {
    std::vector<pid_t> workers;
    for (int worker = 0; worker < kWorkers; ++worker) {
      workers.push_back(start_child([&] {
        const std::string name = std::to_string(group) + "-" + std::to_string(worker) + "-";
        target->submit_many(kItems, name);
        return target->flush(seconds(4)) ? 0 : 1;
      }));
    }
    for (const pid_t worker : workers) ASSERT_EQ(wait_for(worker), 0) << group;
  }
  EXPECT_TRUE(target->flush(seconds(10)));

  const auto lines = lines_at(server);
  const auto expected = static_cast<std::size_t>(groups * kWorkers * kItems + 1);
  EXPECT_EQ(lines.size(), expected);
  EXPECT_EQ(std::set<std::string>(lines.begin(), lines.end()).size(), expected);
}

TEST_F(Fork, DaemonsForkedTwiceDeliver) {
  const auto target = make_target({.linger = std::chrono::hours(1)});
  target->submit("parent");

  for (int round = 0; round < rounds(); ++round) {
    const int result = wait_for(start_child([&] {
      target->submit("between");  // by the process in the middle, which ends without a flush
      return wait_for(start_child([&] {
        target->submit("daemon-" + std::to_string(round));
        return target->flush(seconds(4)) ? 0 : 1;
      }));
    }));
    ASSERT_EQ(result, 0) << round;
  }

  const auto lines = lines_at(server);
  EXPECT_EQ(lines.size(), static_cast<std::size_t>(rounds()));
  for (const std::string& line : lines) EXPECT_TRUE(line.starts_with("daemon-")) << line;
}

// Threads submit and flush while others fork: no deadlock, nothing lost, nothing sent twice.
TEST_F(Fork, InTheMiddleOfEverything) {
  const auto target = make_target({.max_items = 10});
  std::atomic<bool> stop{false};
  std::atomic<int> submitted{0};
  std::vector<std::thread> busy;
  for (int i = 0; i < 2; ++i) {
    busy.emplace_back([&] {
      while (!stop) {
        target->submit("parent-" + std::to_string(submitted++));
        std::this_thread::yield();
        if (submitted % 50 == 0) target->flush(seconds(1));
      }
    });
  }
  const int forks = rounds();
  for (int i = 0; i < forks; ++i) {
    const int result = wait_for(start_child([&, i] {
      target->submit("child-" + std::to_string(i));
      const bool flushed = target->flush(seconds(4));
      target->close(seconds(1));
      return flushed ? 0 : 1;
    }));
    EXPECT_EQ(result, 0) << i;
  }
  stop = true;
  for (std::thread& thread : busy) thread.join();
  EXPECT_TRUE(target->flush(seconds(20)));

  const auto lines = lines_at(server);
  EXPECT_EQ(std::set<std::string>(lines.begin(), lines.end()).size(), lines.size()) << "duplicates";
  EXPECT_EQ(lines.size(), static_cast<std::size_t>(submitted + forks));
}

}  // namespace
}  // namespace llmtrace::tests
