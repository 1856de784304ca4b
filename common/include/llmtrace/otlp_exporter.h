// OtlpExporter: while it lives, what OBSERVE records arrives at one OpenTelemetry backend (a
// Collector, Jaeger, Phoenix, Datadog, W&B Weave, ...), as spans that follow the GenAI semantic
// conventions, and scores as their evaluation events. Make one per backend and keep it; it lives
// beside the vendors' clients.
//
//   llmtrace::OtlpExporter exporter;   // OTEL_EXPORTER_OTLP_ENDPOINT and the other variables
//
// It sends metrics when it is given some (OtlpConfig::metrics), and a logger's lines when the
// logger is told to export to its `log_exporter`.
//
// All methods may be called from any thread; tracing ones are noexcept and never wait for the
// network. The destructor drains for OtlpConfig::shutdown_timeout.
#pragma once

#include <llmtrace/log_exporter.h>
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

  /// False when disabled, by OTEL_SDK_DISABLED or OtlpConfig::enabled: nothing is sent.
  bool enabled() const noexcept;

  /// Starts an observation at this exporter alone: a child of the current one if that goes here
  /// too, else a root.
  [[nodiscard]] Observation start_observation(ObservationParams params) noexcept;
  /// Scores a trace, an observation (with its trace) or a session: a gen_ai.evaluation.result at
  /// the logs endpoint. Dropped, counted as rejected and logged where that is off
  /// (OTEL_LOGS_EXPORTER=none) or only the traces' one was given; what scores the current
  /// observation everywhere passes such an exporter by.
  void score(ScoreParams params) noexcept;

  /// Inside the scope OBSERVE reaches this exporter alone.
  [[nodiscard]] ContextScope activate() const noexcept;

  /// Waits until all that was submitted to this exporter before the call is settled. True when that
  /// happened in time and nothing was dropped since the previous flush.
  bool flush(std::chrono::milliseconds timeout = std::chrono::seconds(10)) noexcept;
  /// Refuses new items, drains until `timeout`, drops and counts the rest. Idempotent.
  bool shutdown(std::chrono::milliseconds timeout) noexcept;
  /// Of observations and scores.
  DestinationStats stats() const;

  /// What Logger::export_to wants: the logger's lines become log records of this backend,
  /// with the ids of their observations. The first call makes the destination "otlp-logs". It may
  /// outlive the exporter: then lines are dropped and counted. Null: the exporter is disabled or
  /// shut down, OTEL_LOGS_EXPORTER=none, or only the traces' endpoint was given; a Logger takes
  /// that as no exporter.
  std::shared_ptr<LogExporter> log_exporter();
  /// Of log lines ("otlp-logs"), and of metrics ("otlp-metrics"): one item is one metric of one
  /// interval. Flush and shutdown cover them all.
  DestinationStats log_stats() const;
  DestinationStats metric_stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace v0
}  // namespace llmtrace
