#include "tests/wire/child_process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

ChildProcess::ChildProcess(const std::vector<std::string>& command) {
  int to_child[2];
  int from_child[2];
  if (pipe2(to_child, O_CLOEXEC) != 0 || pipe2(from_child, O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe to " + command.front());
  }
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    dup2(to_child[0], STDIN_FILENO);
    dup2(from_child[1], STDOUT_FILENO);
    execv(arguments.front(), arguments.data());
    _exit(127);
  }
  close(to_child[0]);
  close(from_child[1]);
  input_ = fdopen(to_child[1], "w");
  output_ = fdopen(from_child[0], "r");
  if (pid_ < 0 || input_ == nullptr || output_ == nullptr) {
    throw std::runtime_error("cannot start " + command.front());
  }
}

ChildProcess::~ChildProcess() {
  std::fclose(input_);
  std::fclose(output_);
  waitpid(pid_, nullptr, 0);
}

std::string ChildProcess::ask(const std::string& line) {
  char* answer = nullptr;
  std::size_t capacity = 0;
  const bool is_asked = std::fputs(line.c_str(), input_) >= 0 && std::fputc('\n', input_) >= 0 &&
                        std::fflush(input_) == 0;
  const ssize_t length = is_asked ? getline(&answer, &capacity, output_) : -1;
  if (length <= 0) {
    std::free(answer);
    throw std::runtime_error("the program that is asked has ended");
  }
  std::string result(answer, static_cast<std::size_t>(length) - 1);  // without the line's end
  std::free(answer);
  return result;
}
