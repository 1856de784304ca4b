// R14: a program loads a library that traces, and closes it while its client lives. What was traced
// is delivered, nothing of it runs afterwards, and a server that is dead costs no more than the
// draining.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "tests/support/own_process.h"
#include "tests/support/scripted_server.h"

namespace {

using llmtrace::tests::run_scenario;
using llmtrace::tests::scenario_url;
using llmtrace::tests::ScriptedServer;

constexpr int kSpans = 100;

TEST(PluginScenario, DISABLED_IsClosedWhileItsClientLives) {
  void* const plugin = ::dlopen(TRACED_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(plugin, nullptr) << ::dlerror();
  using Trace = void (*)(const char*, int);
  const auto trace = reinterpret_cast<Trace>(::dlsym(plugin, "trace_from_plugin"));  // NOLINT
  ASSERT_NE(trace, nullptr);
  std::thread([trace] { trace(scenario_url().c_str(), kSpans / 2); }).join();
  trace(scenario_url().c_str(), kSpans / 2);

  EXPECT_EQ(::dlclose(plugin), 0);

  // What a library may have left behind: a fork handler, or something at the end of a thread.
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  EXPECT_EQ(llmtrace::tests::wait_for(child), 0);
  std::thread([] {}).join();
  // GCC's unique symbols may keep it in memory, its handlers still to run at the exit.
  const bool is_unloaded = ::dlopen(TRACED_PLUGIN, RTLD_NOW | RTLD_NOLOAD) == nullptr;
  std::printf("unloaded: %s\n", is_unloaded ? "yes" : "no");
}

std::size_t spans_at(const ScriptedServer& server) {
  constexpr std::string_view kName = "from the plugin";
  std::size_t count = 0;
  for (const auto& request : server.requests()) {
    for (std::size_t at = request.body.find(kName); at != std::string::npos;
         at = request.body.find(kName, at + 1)) {
      ++count;
    }
  }
  return count;
}

TEST(Plugin, LosesNothingWhenItIsClosed) {
  ScriptedServer server;

  EXPECT_EQ(run_scenario("PluginScenario.IsClosedWhileItsClientLives", server.url(), 30), 0);

  EXPECT_EQ(spans_at(server), static_cast<std::size_t>(kSpans));
}

TEST(Plugin, IsClosedInTimeBesideADeadServer) {
  ScriptedServer server;
  server.always({.hold = true});
  const auto start = std::chrono::steady_clock::now();

  EXPECT_EQ(run_scenario("PluginScenario.IsClosedWhileItsClientLives", server.url(), 30), 0);

  EXPECT_LE(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
