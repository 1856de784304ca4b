// Observation is the handle of one unit of work that is traced: a span, a generation, a tool call.
// It is movable, not copyable, one pointer wide; when it goes, it ends what was not ended. All
// calls are noexcept and may come from any thread. A handle of nothing (no client, sampled out,
// suppressed) does nothing, and what starts inside its `activate` is not recorded either.
// CurrentObservation is the same without ownership: destroying it ends nothing.
#pragma once

#include <llmtrace/context.h>
#include <llmtrace/export.h>
#include <llmtrace/observation_params.h>

#include <string>
#include <utility>

namespace llmtrace {
inline namespace v0 {

class Cell;
class Observation;

/// What both handles can do.
class LLMTRACE_EXPORT ObservationHandle {
 public:
  /// True when something is recorded.
  explicit operator bool() const noexcept;
  /// 16 lower-case hex digits; empty for no observation at all. Valid after `end`. One that is
  /// sampled out has ids too: a score for them is dropped as its trace is.
  std::string id() const;
  /// 32 lower-case hex digits; empty for no observation at all.
  std::string trace_id() const;

  /// Replaces or merges what is given. After `end` it is ignored and counted as `late_updates`.
  void update(ObservationUpdate update) const noexcept;
  /// The first token arrived now; the first call counts.
  void first_token() const noexcept;
  /// Records an error: level ERROR and its text.
  void error(std::string_view message) const noexcept;
  /// Scores this observation at every destination it goes to; targets given in `params` are
  /// ignored.
  void score(ScoreParams params) const noexcept;
  /// Scores the whole trace.
  void score_trace(ScoreParams params) const noexcept;

  /// Starts a child, which goes where this one goes. It is not current by itself.
  [[nodiscard]] Observation start_observation(ObservationParams params) const noexcept;
  [[nodiscard]] Observation span(ObservationParams params) const noexcept;
  [[nodiscard]] Observation generation(ObservationParams params) const noexcept;
  /// A moment: recorded and ended at once.
  void event(ObservationParams params) const noexcept;

  /// Makes this the current observation until the end of the block.
  [[nodiscard]] ContextScope activate() const noexcept;

  /// For llmtrace itself: null when nothing is recorded.
  Cell* cell() const noexcept;
  /// For llmtrace itself: what has the ids; null for no observation at all.
  Cell* identity() const noexcept { return cell_; }

 protected:
  ObservationHandle() noexcept = default;
  explicit ObservationHandle(Cell* cell) noexcept : cell_(cell) {}
  ~ObservationHandle() = default;
  void release() noexcept;

  Cell* cell_ = nullptr;  // holds one reference; may record nothing
};

class [[nodiscard]] LLMTRACE_EXPORT Observation : public ObservationHandle {
 public:
  Observation() noexcept = default;
  Observation(Observation&& other) noexcept
      : ObservationHandle(std::exchange(other.cell_, nullptr)) {}
  Observation& operator=(Observation&& other) noexcept;
  ~Observation();

  /// Ends it and submits it; the first call counts.
  void end(ObservationUpdate update = {}) const noexcept;

  /// For llmtrace itself: takes over one reference.
  explicit Observation(Cell* cell) noexcept : ObservationHandle(cell) {}
};

class [[nodiscard]] LLMTRACE_EXPORT CurrentObservation : public ObservationHandle {
 public:
  CurrentObservation(const CurrentObservation& other) noexcept;
  CurrentObservation& operator=(const CurrentObservation& other) noexcept;
  ~CurrentObservation();

  explicit CurrentObservation(Cell* cell) noexcept : ObservationHandle(cell) {}
};

/// The calling thread's current observation, if there is one.
LLMTRACE_EXPORT CurrentObservation current_observation() noexcept;

/// Starts an observation: a child of the current one, or a root for every live client that takes
/// global observations. It is not current by itself: see `activate`.
[[nodiscard]] LLMTRACE_EXPORT Observation start_observation(ObservationParams params) noexcept;

/// Scores the current observation at every destination it goes to.
LLMTRACE_EXPORT void score_current(ScoreParams params) noexcept;

/// Turns JSON text into JSON text; which part of an item it came from is told by `field`.
enum class Field : unsigned char {
  Input,
  Output,
  Metadata,
  Tags,
  StatusMessage,
  ModelParameters,
  ScoreComment,
  ScoreValue,
  Event,
  LogMessage,  ///< of a log line
  LogFields,   ///< of a log line: the caller's and the context's, one object
};
using Mask = std::function<JsonText(JsonText, Field)>;

/// What stands for a value whose mask threw or returned invalid JSON.
inline constexpr std::string_view kMaskFailed = "<fully masked due to failed mask function>";

/// A mask for every destination and every log line, run before a client's own. Runs on the flusher
/// thread, or a logger's, over a copy of every user text. It must be callable until the process
/// ends; an empty function removes it.
LLMTRACE_EXPORT void set_mask(Mask mask);

}  // namespace v0
}  // namespace llmtrace
