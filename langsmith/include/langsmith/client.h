// langsmith::Client: while it lives, what OBSERVE records arrives at one LangSmith project; its own
// methods speak LangSmith's words and reach that project alone. Make one per project and keep it.
// All methods may be called from any thread; tracing ones are noexcept and never wait for the
// network. Several clients share one queue and one thread. The destructor drains for
// Config::shutdown_timeout.
#pragma once

#include <langsmith/config.h>
#include <langsmith/feedback.h>
#include <langsmith/run.h>
#include <llmtrace/ids.h>
#include <llmtrace/observation.h>
#include <llmtrace/result.h>
#include <llmtrace/stats.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace langsmith {
inline namespace v0 {

/// A run as the server has it.
struct StoredRun {
  std::string id{};
  std::string trace_id{};
  std::string parent_run_id{};
  std::string dotted_order{};
  std::string name{};
  std::string run_type{};
  std::string status{};      ///< "pending", "success", "error"
  std::string start_time{};  ///< ISO 8601
  std::string end_time{};
  std::string error{};
  std::string session_id{};  ///< the project's UUID
  std::string app_path{};    ///< of its page, under the host of the web application
  Json inputs{};
  Json outputs{};
  Json extra{};
  Json feedback_stats{};
  std::vector<std::string> tags{};
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
  std::int64_t total_tokens = 0;
};

class LLMTRACE_EXPORT Client {
 public:
  /// Throws std::invalid_argument for a wrong value, naming the option, the value and the remedy.
  /// Without a key the client is disabled, and one line in the log says which variable to set.
  explicit Client(Config config = {});
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) = delete;

  /// False when disabled: no key, or tracing switched off.
  bool enabled() const noexcept;

  /// Starts a run at this client alone: a child of the current one if that goes here too, else a
  /// root.
  Run start_run(RunParams params) noexcept;

  /// Feedback on a run, a trace or a project; returns its id, empty when none is sent. Feedback
  /// without a key is counted as rejected, and logged. That on a run of nothing, without any
  /// target, or with the trace_id of a trace that is sampled out is no error.
  std::string create_feedback(FeedbackParams params) noexcept;
  /// Changes feedback that the server has. One request, on the calling thread; so are those below.
  llmtrace::Result<bool> update_feedback(std::string_view feedback_id, FeedbackUpdate update);
  /// A URL at which feedback on a run can be given without a key, e.g. from a browser.
  llmtrace::Result<PresignedFeedback> create_presigned_feedback_token(
      PresignedFeedbackParams params);
  /// Gives feedback by such a URL. The key is not sent with it.
  llmtrace::Result<bool> create_feedback_from_token(std::string_view url, TokenFeedback feedback);
  llmtrace::Result<StoredRun> read_run(std::string_view run_id);
  /// The page of a run.
  llmtrace::Result<std::string> run_url(std::string_view run_id);

  /// Inside the scope OBSERVE reaches this client alone.
  [[nodiscard]] llmtrace::ContextScope activate() const noexcept;

  /// Waits until all that was submitted to this client before the call is settled. True when that
  /// happened in time and nothing was dropped since the previous flush.
  bool flush(std::chrono::milliseconds timeout = std::chrono::seconds(10)) noexcept;
  /// Refuses new items, drains until `timeout`, drops and counts the rest. Idempotent.
  bool shutdown(std::chrono::milliseconds timeout) noexcept;
  /// Of all endpoints together.
  llmtrace::DestinationStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace v0
}  // namespace langsmith
