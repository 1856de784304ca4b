// Step is the program's own account of one function that OBSERVE traces: made right after the
// macro, it writes a line to the RunLog at the end of the block. The parent is the step that is
// open around it, so that the log does not repeat the SDK's idea of who is whose child.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "samples/rag_pipeline/records.h"
#include "samples/rag_pipeline/run_log.h"

namespace rag {

/// What all steps of a trace have in common.
struct TraceFacts {
  std::string name{};
  std::string user_id{};
  std::string session_id{};
  std::vector<std::string> tags{};
};

/// The log and the steps that are open. One thread.
class Journal {
 public:
  explicit Journal(RunLog& log) : log_(log) {}

  /// Steps from now on belong to this trace.
  void begin_trace(TraceFacts facts) { facts_ = std::move(facts); }
  RunLog& log() noexcept { return log_; }

 private:
  friend class Step;

  RunLog& log_;
  TraceFacts facts_;
  std::vector<std::string> open_ids_;
};

class Step {
 public:
  /// `name` and `type` as the server is expected to show them. A step that is not recorded (no
  /// keys, not sampled) is not logged either.
  Step(Journal& journal, std::string name, std::string type);
  ~Step();
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  /// What the function did; logged at the end of the block.
  ObservationRecord& record() noexcept { return record_; }
  /// Marks it as failed.
  void fail(const std::string& reason);

 private:
  Journal& journal_;
  ObservationRecord record_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace rag
