// Observability is all that watches the service: the clients that traces go to, metrics, the log.
#pragma once

#include <langfuse/client.h>
#include <langsmith/client.h>
#include <llmtrace/metrics.h>
#include <llmtrace/otlp_exporter.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "samples/observability_service/request_log.h"
#include "samples/observability_service/request_metrics.h"

namespace service {

class Observability {
 public:
  /// A client for each vendor whose keys the environment has, and with OTEL_EXPORTER_OTLP_ENDPOINT
  /// an exporter that sends traces, metrics and the log there; without any, metrics and log only.
  explicit Observability(const std::string& log_file);

  const RequestLog& log() const noexcept { return log_; }
  const RequestMetrics& requests() const noexcept { return requests_; }
  const llmtrace::LlmMetrics& llm() const noexcept { return llm_; }
  std::vector<llmtrace::DestinationStats> destinations() const;
  std::string prometheus_text() const;

  /// Waits until all was delivered and written. False when something was lost, or time was over.
  bool flush(std::chrono::milliseconds timeout);

 private:
  RequestLog log_;
  std::optional<langfuse::Client> langfuse_;
  std::optional<langsmith::Client> langsmith_;
  std::optional<llmtrace::OtlpExporter> otlp_;
  llmtrace::LlmMetrics llm_;
  RequestMetrics requests_;
  llmtrace::Gauge lost_lines_;
};

}  // namespace service
