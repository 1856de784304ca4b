// langfuse::Client: while it lives, what OBSERVE records arrives at one Langfuse project; its own
// methods speak Langfuse's words and reach that project alone. Make one per project and keep it.
// All methods may be called from any thread; tracing ones are noexcept and never wait for the
// network. Several clients share one queue and one thread. The destructor drains for
// Config::shutdown_timeout.
#pragma once

#include <langfuse/config.h>
#include <langfuse/trace.h>
#include <llmtrace/ids.h>
#include <llmtrace/observation.h>
#include <llmtrace/result.h>
#include <llmtrace/stats.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace langfuse {
inline namespace v0 {

using llmtrace::create_trace_id;

class LLMTRACE_EXPORT Client {
 public:
  /// Throws std::invalid_argument for a wrong value, naming the option, the value and the remedy.
  /// Without keys the client is disabled, and one line in the log says which variables to set.
  explicit Client(Config config = {});
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) = delete;

  /// False when disabled: no keys, or tracing switched off.
  bool enabled() const noexcept;

  /// Starts a trace at this client alone.
  [[nodiscard]] Trace trace(TraceParams params = {}) noexcept;
  /// Starts an observation at this client alone: a child of the current one if that goes here too,
  /// else a root.
  [[nodiscard]] Observation start_observation(ObservationParams params) noexcept;
  [[nodiscard]] Observation span(ObservationParams params) noexcept;
  [[nodiscard]] Observation generation(ObservationParams params) noexcept;
  void event(ObservationParams params) noexcept;

  /// Scores a trace, an observation (with its trace), a session or a dataset run. A score without a
  /// name, a value or exactly one target is dropped, counted as rejected, and logged. The scores
  /// route of current servers has no field for a time: `timestamp` is kept by servers before 4.59
  /// and with Protocol::Legacy only, elsewhere a score has the time at which it arrives.
  void score(ScoreParams params) noexcept;
  /// Scores the trace of the current observation; nothing when there is none, or when it does not
  /// come to this client.
  void score_current_trace(ScoreParams params) noexcept;

  /// Inside the scope OBSERVE reaches this client alone.
  [[nodiscard]] llmtrace::ContextScope activate() const noexcept;

  /// Whether the server accepts the keys. One request, on the calling thread.
  llmtrace::Result<bool> auth_check();
  /// The page of a trace. Asks the server for the project's id once.
  llmtrace::Result<std::string> trace_url(std::string_view trace_id);

  /// Waits until all that was submitted to this client before the call is settled. True when that
  /// happened in time and nothing was dropped since the previous flush.
  bool flush(std::chrono::milliseconds timeout = std::chrono::seconds(10)) noexcept;
  /// Refuses new items, drains until `timeout`, drops and counts the rest. Idempotent.
  bool shutdown(std::chrono::milliseconds timeout) noexcept;
  llmtrace::DestinationStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace v0
}  // namespace langfuse
