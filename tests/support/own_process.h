// Runs one case of this test program, a DISABLED_ one, as another process: for what is true of a
// whole process only, as an exit, its memory or its allocator.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/support/exec_list.h"

namespace llmtrace::tests {

/// A child's exit status; 1000 and the signal's number when a signal ended it.
inline int wait_for(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/// Runs the case `SUITE.DISABLED_NAME`, given as "SUITE.NAME", until an alarm ends it. It finds
/// `url` by `scenario_url()`.
inline int run_scenario(const std::string& name, const std::string& url, unsigned alarm_seconds) {
  const std::size_t dot = name.find('.') + 1;
  std::vector<std::string> arguments = {
      "scenario", "--gtest_filter=" + name.substr(0, dot) + "DISABLED_" + name.substr(dot),
      "--gtest_also_run_disabled_tests", "--gtest_brief=1"};
  std::vector<std::string> variables = {"LLMTRACE_TEST_URL=" + url};
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  const std::vector<char*> argument_list = exec_list(arguments);
  const std::vector<char*> variable_list = exec_list(variables);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(alarm_seconds);
    ::execve("/proc/self/exe", argument_list.data(), variable_list.data());
    ::_exit(127);
  }
  return wait_for(child);
}

inline std::string scenario_url() {
  const char* const url = std::getenv("LLMTRACE_TEST_URL");
  return url == nullptr ? "" : url;
}

}  // namespace llmtrace::tests
