// Exits: what is still delivered when a program ends, and that it ends as it was meant to.
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <thread>

#include "tests/support/lines_at.h"
#include "tests/support/own_process.h"
#include "tests/support/run_length.h"

namespace llmtrace::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The two seconds of draining, and what starting a program takes on a busy machine.
constexpr milliseconds kLongestExit(5000);

int run_program(const std::string& scenario, const std::string& url) {
  return run_scenario("ExitScenario." + scenario, url, 30);
}

// A client that nobody closes, on the process's own transport.
Target& default_target() {
  static Target& target =
      *new Target(Transport::process_default(),
                  line_destination("t", scenario_url(), {.linger = std::chrono::hours(1)}));
  return target;
}

TEST(ExitScenario, DISABLED_ReturnFromMain) { default_target().submit_many(100); }

TEST(ExitScenario, DISABLED_CallExit) {
  default_target().submit_many(100);
  std::exit(0);
}

// The destructors of the main thread's own objects run before any exit handler.
TEST(ExitScenario, DISABLED_ThreadLocalDestructorsLog) {
  struct AtTheEnd {
    ~AtTheEnd() { default_target().submit("thread's end"); }
  };
  const auto use = [] {
    thread_local const AtTheEnd at_the_end;
    static_cast<void>(&at_the_end);
  };
  default_target();
  std::thread(use).join();
  use();
}

// Ways to end that run no handler: what is in memory is lost, and nothing else goes wrong.
void submit_and(void (*end)()) {
  const rlimit no_core{};
  ::setrlimit(RLIMIT_CORE, &no_core);
  default_target().submit_many(100);
  end();
}
TEST(ExitScenario, DISABLED_QuickExit) {
  submit_and([] { std::quick_exit(0); });
}
TEST(ExitScenario, DISABLED_UnderscoreExit) {
  submit_and([] { ::_exit(0); });
}
TEST(ExitScenario, DISABLED_Abort) {
  submit_and([] { std::abort(); });
}
TEST(ExitScenario, DISABLED_Terminate) {
  submit_and([] { std::terminate(); });
}
TEST(ExitScenario, DISABLED_TerminationSignal) {
  submit_and([] { ::raise(SIGTERM); });
}
TEST(ExitScenario, DISABLED_SegmentationFault) {
  submit_and([] { ::raise(SIGSEGV); });
}

TEST(ExitScenario, DISABLED_StaticDestructorLogs) {
  // Registered before the transport's own handler, so it runs after that.
  static struct AtTheEnd {
    ~AtTheEnd() {
      default_target().submit("too late");
      const DestinationStats stats = default_target().stats();
      const bool counted = stats.dropped_by(DropReason::ClientClosed) == 1 && stats.delivered == 1;
      if (!counted || default_target().flush(seconds(1))) ::_exit(7);
      ::_exit(0);
    }
  } at_the_end;
  default_target().submit("in time");
}

TEST(ExitScenario, DISABLED_DetachedThreadsLog) {
  for (int i = 0; i < 4; ++i) {
    std::thread([] {
      for (;;) default_target().submit("detached");
    }).detach();
  }
  while (default_target().stats().submitted < 1000) std::this_thread::yield();
  std::exit(0);
}

TEST(Exit, DrainsALiveClient) {
  for (const char* scenario : {"ReturnFromMain", "CallExit"}) {
    ScriptedServer server;
    EXPECT_EQ(run_program(scenario, server.url()), 0) << scenario;
    EXPECT_EQ(lines_at(server).size(), 100U) << scenario;
  }
}

TEST(Exit, DeliversWhatThreadLocalDestructorsLog) {
  ScriptedServer server;
  EXPECT_EQ(run_program("ThreadLocalDestructorsLog", server.url()), 0);
  EXPECT_EQ(lines_at(server), (std::vector<std::string>{"thread's end", "thread's end"}));
}

// The server holds every reply: whoever waited for one would be seen.
TEST(Exit, WithoutHandlersIsAsTheProgramAsked) {
  struct Way {
    const char* scenario;
    int result;
  };
  for (const Way& way :
       {Way{"QuickExit", 0}, Way{"UnderscoreExit", 0}, Way{"Abort", 1000 + SIGABRT},
        Way{"Terminate", 1000 + SIGABRT}, Way{"TerminationSignal", 1000 + SIGTERM},
        Way{"SegmentationFault", 1000 + SIGSEGV}}) {
    // AddressSanitizer has a handler of its own for the last.
    if (kSanitized && way.result == 1000 + SIGSEGV) continue;
    ScriptedServer server;
    server.always({.hold = true});
    const auto start = std::chrono::steady_clock::now();

    EXPECT_EQ(run_program(way.scenario, server.url()), way.result) << way.scenario;

    EXPECT_LE(std::chrono::steady_clock::now() - start, kLongestExit) << way.scenario;
  }
}

TEST(Exit, WaitsTwoSecondsForADeadServerAndNoLonger) {
  ScriptedServer server;
  server.always({.hold = true});
  const auto start = std::chrono::steady_clock::now();

  EXPECT_EQ(run_program("ReturnFromMain", server.url()), 0);

  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_GE(took, milliseconds(1900));
  EXPECT_LE(took, kLongestExit);
}

TEST(Exit, LaterCallsAreCountedNoOps) {
  ScriptedServer server;
  EXPECT_EQ(run_program("StaticDestructorLogs", server.url()), 0);
  EXPECT_EQ(lines_at(server), std::vector<std::string>{"in time"});
}

TEST(Exit, SurvivesThreadsThatGoOnLogging) {
  ScriptedServer server;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(run_program("DetachedThreadsLog", server.url()), 0);
}

}  // namespace
}  // namespace llmtrace::tests
