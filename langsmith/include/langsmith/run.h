// Run: the handle of one run (LangSmith's word for an observation). It is movable, not copyable;
// when it goes, it ends what was not ended. All calls are noexcept and may come from any thread. A
// run of nothing (disabled client, sampled out, suppressed) does nothing. It is not current by
// itself: `auto scope = run.activate()` makes OBSERVE inside the scope part of it.
#pragma once

#include <langsmith/feedback.h>
#include <llmtrace/http_client.h>
#include <llmtrace/observation.h>
#include <llmtrace/propagation.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace langsmith {
inline namespace v0 {

using llmtrace::Json;
using llmtrace::StringList;
using llmtrace::Timestamp;

enum class RunType : unsigned char { Tool, Chain, Llm, Retriever, Embedding, Prompt, Parser };

/// "tool", "chain", ...
LLMTRACE_EXPORT std::string_view to_string(RunType type) noexcept;

struct InputTokenDetails {
  std::optional<std::int64_t> audio{};
  std::optional<std::int64_t> cache_creation{};
  std::optional<std::int64_t> cache_read{};
};

struct OutputTokenDetails {
  std::optional<std::int64_t> audio{};
  std::optional<std::int64_t> reasoning{};
};

/// Token counts as LangSmith counts them: `input_tokens` and `output_tokens` include their details.
struct UsageMetadata {
  std::optional<std::int64_t> input_tokens{};
  std::optional<std::int64_t> output_tokens{};
  std::optional<std::int64_t> total_tokens{};  ///< default: the sum
  InputTokenDetails input_token_details{};
  OutputTokenDetails output_token_details{};
  std::optional<double> input_cost{};  ///< US dollars
  std::optional<double> output_cost{};
  std::optional<double> total_cost{};
};

/// A file or other bytes shown with the run. A name without "." and with at least one character.
struct Attachment {
  std::string name{};
  std::string mime_type{};
  std::string bytes{};
};

struct RunParams {
  std::string name{};
  RunType run_type = RunType::Chain;
  Json inputs{};  ///< an object; any other value is sent as {"input": it}
  Json outputs{};
  Json metadata{};
  StringList tags{};
  Json extra{};       ///< an object, beside "metadata": e.g. {{"invocation_params", ...}}
  Json serialized{};  ///< kept for Llm and Prompt
  std::string model{};
  std::string project_name{};  ///< default: the client's, or the parent's
  std::string reference_example_id{};
  std::vector<Attachment> attachments{};
  std::optional<Timestamp> start_time{};  ///< default: now; never before the parent's
};

/// For `update` and `end`: what is given replaces what was there; metadata is merged by key, tags
/// are added.
struct RunUpdate {
  Json outputs{};
  UsageMetadata usage_metadata{};
  std::string error{};
  Json inputs{};
  Json metadata{};
  StringList tags{};
  std::string name{};
  std::string model{};
  std::optional<Timestamp> end_time{};  ///< default: the time of `end`
};

class [[nodiscard]] LLMTRACE_EXPORT Run {
 public:
  Run() noexcept = default;
  Run(llmtrace::Observation observation) noexcept  // NOLINT(google-explicit-constructor)
      : observation_(std::move(observation)) {}

  /// True when something is recorded.
  explicit operator bool() const noexcept { return static_cast<bool>(observation_); }
  /// The run's UUID; empty when nothing is recorded. Valid after `end`.
  std::string id() const;
  /// The UUID of its root run.
  std::string trace_id() const;
  /// Its place in the tree: times and ids from the root to it.
  std::string dotted_order() const;

  /// Starts a child.
  Run start_run(RunParams params) const noexcept;
  void update(RunUpdate update) const noexcept;
  /// What happened now, e.g. a retry. `fields` is an object.
  void add_event(std::string_view name, Json fields = {}) const noexcept;
  void add_tags(StringList tags) const noexcept;
  void add_metadata(Json metadata) const noexcept;
  void set_usage(UsageMetadata usage) const noexcept;
  /// The first token arrived now; the first call counts. For Llm runs LangSmith gets a "new_token"
  /// event.
  void first_token() const noexcept;
  void add_attachment(Attachment attachment) const noexcept;
  /// Ends it and submits it; the first call counts.
  void end(RunUpdate update = {}) const noexcept;

  /// Feedback on it, at LangSmith alone; see Client::create_feedback. Its targets, run_id, trace_id
  /// and project_id, are those of the run, whatever is given.
  std::string create_feedback(FeedbackParams params) const noexcept;

  /// What another service needs to continue the trace: langsmith-trace, traceparent, and as baggage
  /// the trace's tags, metadata, user and session and the run's project. To whoever gets the
  /// headers: masked as what is sent; with hide_metadata neither metadata nor user and session go
  /// along. Without baggage: llmtrace::inject(run.observation()).
  std::vector<llmtrace::HttpHeader> to_headers() const;
  /// Makes this the current observation until the end of the block.
  [[nodiscard]] llmtrace::ContextScope activate() const noexcept { return observation_.activate(); }
  const llmtrace::Observation& observation() const noexcept { return observation_; }

 private:
  llmtrace::Observation observation_;
};

/// The run that sent `headers`, as a context: what starts inside
/// `llmtrace::ContextScope scope(langsmith::from_headers(headers))` is its child. What headers may
/// set is said in <llmtrace/propagation.h>. Needs a client that was built before.
inline llmtrace::Context from_headers(const std::vector<llmtrace::HttpHeader>& headers,
                                      llmtrace::ExtractOptions options = {}) noexcept {
  return llmtrace::extract(headers, options);
}

}  // namespace v0
}  // namespace langsmith
