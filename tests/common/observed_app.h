// A program that is traced.
#pragma once

#include <llmtrace/observe.h>

#include <stdexcept>

namespace app {

struct NoDocuments : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Agent {
 public:
  Agent() { OBSERVE(); }
  explicit Agent(int steps) : steps_(steps) { OBSERVE(steps); }
  Agent(const Agent&) = default;
  Agent(Agent&&) = default;
  Agent& operator=(const Agent&) = default;
  Agent& operator=(Agent&&) = default;
  ~Agent() = default;

  int run(int extra) {
    OBSERVE_AGENT(extra, steps_);
    return OBSERVE_OUTPUT(steps_ + extra);
  }
  int run_body(int extra) const {
    OBSERVE_BODY(extra) { return steps_ * extra; };
  }
  static int twice(int value) {
    OBSERVE_TOOL(value);
    return OBSERVE_OUTPUT(2 * value);
  }

 private:
  int steps_ = 1;
};

}  // namespace app
