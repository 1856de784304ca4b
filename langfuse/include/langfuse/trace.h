// Trace: the handle of one trace at one Langfuse client. In Langfuse's current data model a trace
// is its root observation and what is repeated on every observation below; this handle is that
// root. It is not current by itself: `auto scope = trace.activate()` makes OBSERVE inside the scope
// part of it.
#pragma once

#include <llmtrace/observation.h>

#include <optional>
#include <string>
#include <utility>

namespace langfuse {
inline namespace v0 {

using llmtrace::Json;
using llmtrace::Observation;
using llmtrace::ObservationParams;
using llmtrace::ObservationType;
using llmtrace::ObservationUpdate;
using llmtrace::ScoreParams;
using llmtrace::StringList;
using llmtrace::Timestamp;

struct TraceParams {
  std::string id{};  ///< default: a new one; text that is not 32 hex digits is hashed to such
  std::string name{};
  std::string user_id{};
  std::string session_id{};
  std::string version{};
  std::string release{};
  Json input{};
  Json output{};
  Json metadata{};
  StringList tags{};
  std::optional<Timestamp> timestamp{};  ///< its start; default: now
  std::optional<bool> is_public{};       ///< anyone with the link may read it
};

/// What is given replaces what was there; tags and metadata are added. Observations that were
/// started before keep what they had.
struct TraceUpdate {
  std::string name{};
  std::string user_id{};
  std::string session_id{};
  std::string version{};
  std::string release{};
  Json input{};
  Json output{};
  Json metadata{};
  StringList tags{};
  std::optional<bool> is_public{};
};

class LLMTRACE_EXPORT Trace {
 public:
  Trace() noexcept = default;
  Trace(Observation root) noexcept : root_(std::move(root)) {}  // NOLINT

  explicit operator bool() const noexcept { return static_cast<bool>(root_); }
  std::string id() const { return root_.trace_id(); }
  std::string trace_id() const { return root_.trace_id(); }
  const Observation& root() const noexcept { return root_; }

  [[nodiscard]] Observation start_observation(ObservationParams params) const noexcept {
    return root_.start_observation(std::move(params));
  }
  [[nodiscard]] Observation span(ObservationParams params) const noexcept {
    return root_.span(std::move(params));
  }
  [[nodiscard]] Observation generation(ObservationParams params) const noexcept {
    return root_.generation(std::move(params));
  }
  void event(ObservationParams params) const noexcept { root_.event(std::move(params)); }
  void score(ScoreParams params) const noexcept { root_.score_trace(std::move(params)); }
  [[nodiscard]] llmtrace::ContextScope activate() const noexcept { return root_.activate(); }

  void update(TraceUpdate update) const noexcept;
  /// Ends the root observation; what the handle's destructor does otherwise.
  void end(ObservationUpdate update = {}) const noexcept { root_.end(std::move(update)); }

 private:
  Observation root_;
};

}  // namespace v0
}  // namespace langfuse
