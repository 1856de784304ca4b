// ChildProgram runs a server of ours as a process of its own and ends it by its id.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace service::testing {

using Variables = std::vector<std::pair<std::string, std::string>>;

class ChildProgram {
 public:
  /// Waits until the program said "listening on URL", where it says that at all. Of this process's
  /// environment it gets neither keys nor endpoints. A test failure when it ends before.
  ChildProgram(std::vector<std::string> command, const Variables& variables,
               bool says_where = true);
  /// Kills it, unless `terminate` has ended it.
  ~ChildProgram();
  ChildProgram(const ChildProgram&) = delete;
  ChildProgram& operator=(const ChildProgram&) = delete;

  const std::string& url() const noexcept { return url_; }
  void signal(int number) const;
  /// SIGTERM; its exit status, or a test failure and -1 when it does not end in time.
  int terminate(std::chrono::seconds timeout = std::chrono::seconds(30));
  int wait(std::chrono::seconds timeout);

 private:
  void read_url(int output);

  pid_t id_ = -1;
  int output_ = -1;
  std::string said_;
  std::string url_;
};

}  // namespace service::testing
