// OtlpSignals is what an OtlpExporter sends beside its spans: metrics and log records, each at a
// destination of its own, with counters of its own. They share the exporter's transport, flush and
// shutdown.
#pragma once

#include <llmtrace/log_exporter.h>
#include <llmtrace/metric_source.h>
#include <llmtrace/stats.h>

#include <memory>
#include <mutex>

#include "common/src/client_core.h"
#include "common/src/otlp_exporter/resolved_config.h"

namespace llmtrace {
inline namespace v0 {

class OtlpSignals {
 public:
  /// `core` outlives this.
  OtlpSignals(ClientCore& core, std::shared_ptr<const ResolvedOtlpConfig> config, Mask mask);

  /// From now on `source` is asked at an interval.
  void open_metrics(std::shared_ptr<const MetricSource> source);
  /// The first call makes the destination. Null without one: the exporter or its logs are off.
  std::shared_ptr<LogExporter> log_exporter();

  DestinationStats metric_stats() const;
  DestinationStats log_stats() const;

 private:
  bool is_wanted(const OtlpEndpoint& endpoint, const char* what, const char* variable) const;
  DestinationOptions options(Signal signal, const OtlpEndpoint& endpoint) const;
  DestinationStats stats_of(const Ref<const DestinationSet>& set, const char* name) const;

  ClientCore& core_;
  const std::shared_ptr<const ResolvedOtlpConfig> config_;
  const Mask mask_;
  mutable std::mutex mutex_;  // guards what follows
  Ref<const DestinationSet> metrics_;
  Ref<const DestinationSet> logs_;
  std::shared_ptr<LogExporter> log_exporter_;
};

}  // namespace v0
}  // namespace llmtrace
