// OtlpExporter: while it lives, what OBSERVE records arrives at one OpenTelemetry backend (a
// Collector, Jaeger, Phoenix, Datadog, W&B Weave, ...), as spans that follow the GenAI semantic
// conventions, and scores as their evaluation events. Make one per backend and keep it; it lives
// beside the vendors' clients.
//
//   llmtrace::OtlpExporter exporter;   // OTEL_EXPORTER_OTLP_ENDPOINT and the other variables
//
// All methods may be called from any thread; tracing ones are noexcept and never wait for the
// network. The destructor drains for OtlpConfig::shutdown_timeout.
#pragma once

#include <llmtrace/observation.h>
#include <llmtrace/otlp_config.h>
#include <llmtrace/stats.h>

#include <chrono>
#include <memory>

namespace llmtrace {
inline namespace v0 {

class LLMTRACE_EXPORT OtlpExporter {
 public:
  /// Throws std::invalid_argument for a wrong value in `config`, naming the option, the value and
  /// the remedy. A wrong value of a variable is a line in the log, and as if it was not set.
  explicit OtlpExporter(OtlpConfig config = {});
  ~OtlpExporter();
  OtlpExporter(OtlpExporter&&) noexcept;
  OtlpExporter& operator=(OtlpExporter&&) = delete;

  /// False when disabled: OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER=none or OtlpConfig::enabled.
  bool enabled() const noexcept;

  /// Starts an observation at this exporter alone: a child of the current one if that goes here
  /// too, else a root.
  [[nodiscard]] Observation start_observation(ObservationParams params) noexcept;
  /// Scores a trace, an observation (with its trace) or a session: a gen_ai.evaluation.result.
  void score(ScoreParams params) noexcept;

  /// Inside the scope OBSERVE reaches this exporter alone.
  [[nodiscard]] ContextScope activate() const noexcept;

  /// Waits until all that was submitted to this exporter before the call is settled. True when that
  /// happened in time and nothing was dropped since the previous flush.
  bool flush(std::chrono::milliseconds timeout = std::chrono::seconds(10)) noexcept;
  /// Refuses new items, drains until `timeout`, drops and counts the rest. Idempotent.
  bool shutdown(std::chrono::milliseconds timeout) noexcept;
  DestinationStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace v0
}  // namespace llmtrace
