#include "tests/service/child_program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string_view>

#include "tests/support/exec_list.h"

extern char** environ;

namespace service::testing {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kStartTime(30'000);

bool is_foreign(std::string_view entry) {
  for (const std::string_view prefix : {"LANGFUSE_", "LANGSMITH_", "LANGCHAIN_", "OPENAI_", "OTEL_",
                                        "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"}) {
    if (entry.starts_with(prefix)) return true;
  }
  return false;
}

std::vector<std::string> environment_with(const Variables& variables) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!is_foreign(*entry)) all.emplace_back(*entry);
  }
  for (const auto& [name, value] : variables) all.push_back(name + "=" + value);
  return all;
}

}  // namespace

ChildProgram::ChildProgram(std::vector<std::string> command, const Variables& variables,
                           bool says_where) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  std::vector<std::string> environment = environment_with(variables);
  const std::vector<char*> arguments = llmtrace::tests::exec_list(command);
  const std::vector<char*> entries = llmtrace::tests::exec_list(environment);
  id_ = ::fork();
  if (id_ == 0) {
    ::dup2(pipe[1], STDOUT_FILENO);
    ::execve(arguments[0], arguments.data(), entries.data());
    ::_exit(127);
  }
  ::close(pipe[1]);
  output_ = pipe[0];
  if (says_where) read_url(output_);
}

ChildProgram::~ChildProgram() {
  if (id_ > 0) {
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
  }
  ::close(output_);
}

void ChildProgram::read_url(int output) {
  constexpr std::string_view kMark = "listening on ";
  const auto deadline = std::chrono::steady_clock::now() + kStartTime;
  while (url_.empty()) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{.fd = output, .events = POLLIN, .revents = 0};
    std::array<char, 4096> block{};
    if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) != 1) break;
    const ssize_t size = ::read(output, block.data(), block.size());
    if (size <= 0) break;
    said_.append(block.data(), static_cast<std::size_t>(size));
    const std::size_t mark = said_.find(kMark);
    const std::size_t end = mark == std::string::npos ? mark : said_.find('\n', mark);
    if (end != std::string::npos) {
      url_ = said_.substr(mark + kMark.size(), end - mark - kMark.size());
    }
  }
  if (url_.empty()) throw std::runtime_error("the program did not start: " + said_);
}

void ChildProgram::signal(int number) const { ::kill(id_, number); }

int ChildProgram::terminate(std::chrono::seconds timeout) {
  signal(SIGTERM);
  return wait(timeout);
}

int ChildProgram::wait(std::chrono::seconds timeout) {
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, id_, 0));
  pollfd ended{.fd = handle, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&ended, 1, static_cast<int>(milliseconds(timeout).count()));
  ::close(handle);
  if (ready != 1) {
    ADD_FAILURE() << "the program did not end in time";
    return -1;
  }
  int status = 0;
  ::waitpid(id_, &status, 0);
  id_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

}  // namespace service::testing
