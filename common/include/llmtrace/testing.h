// MemoryDestination records what a program traces, in memory, so that its unit tests can assert on
// it:
//
//   llmtrace::testing::MemoryDestination memory;
//   answer("What is a span?");
//   ASSERT_EQ(memory.observations().at(0).name, "answer");
//
// It is a client like the others: while it lives, OBSERVE and start_observation reach it. It has a
// transport and a thread of its own and no network.
#pragma once

#include <llmtrace/context.h>
#include <llmtrace/observation.h>
#include <llmtrace/stats.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace llmtrace {
inline namespace v0 {
namespace testing {

/// An ended observation, as a destination sees it. Values are JSON text, empty when not given.
struct RecordedObservation {
  std::string id{};
  std::string trace_id{};
  std::string parent_id{};  ///< empty for a root
  std::string name{};
  ObservationType type = ObservationType::Span;
  Level level = Level::Default;
  std::string status_message{};
  std::string input{};
  std::string output{};
  std::string metadata{};
  std::string model{};
  std::string provider{};
  std::string model_parameters{};
  std::string version{};
  UsageDetails usage_details{};
  CostDetails cost_details{};
  PromptReference prompt{};
  Timestamp start_time{};
  Timestamp end_time{};
  std::optional<Timestamp> completion_start_time{};
  std::string user_id{};
  std::string session_id{};
  std::string trace_name{};
  std::string environment{};
  std::vector<std::string> tags{};
  std::string trace_metadata{};
};

struct RecordedScore {
  std::string id{};
  std::string name{};
  ScoreValue value{};
  std::string trace_id{};
  std::string observation_id{};
  std::string session_id{};
  std::string comment{};
};

class LLMTRACE_EXPORT MemoryDestination {
 public:
  MemoryDestination();
  ~MemoryDestination();
  MemoryDestination(const MemoryDestination&) = delete;
  MemoryDestination& operator=(const MemoryDestination&) = delete;

  /// All that has ended so far, in the order of arrival (per thread: of ending).
  std::vector<RecordedObservation> observations() const;
  std::vector<RecordedScore> scores() const;
  void clear();

  /// OBSERVE inside the scope reaches this destination alone.
  [[nodiscard]] ContextScope activate() const noexcept;
  DestinationStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace testing
}  // namespace v0
}  // namespace llmtrace
