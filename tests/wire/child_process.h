// A program that is asked a line and answers with one.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

class ChildProcess {
 public:
  /// Throws std::runtime_error when it cannot be started.
  explicit ChildProcess(const std::vector<std::string>& command);
  ~ChildProcess();  // ends its input and waits for its end
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Throws std::runtime_error when it has ended.
  std::string ask(const std::string& line);

 private:
  int pid_ = 0;
  std::FILE* input_ = nullptr;   // its
  std::FILE* output_ = nullptr;  // its
};
