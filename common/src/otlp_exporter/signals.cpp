#include "common/src/otlp_exporter/signals.h"

#include <utility>

#include "common/src/http_text.h"
#include "common/src/log_item.h"
#include "common/src/otlp_exporter/wire.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr const char* kMetricsName = "otlp-metrics";
constexpr const char* kLogsName = "otlp-logs";

}  // namespace

OtlpSignals::OtlpSignals(ClientCore& core, std::shared_ptr<const ResolvedOtlpConfig> config,
                         Mask mask)
    : core_(core), config_(std::move(config)), mask_(std::move(mask)) {}

// Where only another signal's URL was given, this one's would be localhost's, where nobody may
// listen.
bool OtlpSignals::is_wanted(const OtlpEndpoint& endpoint, const char* what,
                            const char* variable) const {
  if (!endpoint.enabled) return false;
  if (!endpoint.is_given) {
    core_.log(LogLevel::Warning, std::string(what) + " are not sent: set " + variable +
                                     ", or OTEL_EXPORTER_OTLP_ENDPOINT for all signals");
  }
  return endpoint.is_given;
}

DestinationOptions OtlpSignals::options(Signal signal, const OtlpEndpoint& endpoint) const {
  DestinationOptions options;
  options.name = signal == Signal::Metrics ? kMetricsName : kLogsName;
  options.signal = signal;
  options.observe = false;
  options.debug = config_->debug;
  options.unauthorized_hint =
      "check the key in OTEL_EXPORTER_OTLP_HEADERS or OtlpConfig::headers, and that it belongs "
      "to " +
      std::string(url_host(endpoint.url));
  return options;
}

void OtlpSignals::open_metrics(std::shared_ptr<const MetricSource> source) {
  if (!source || !is_wanted(config_->metrics, "metrics", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")) {
    return;
  }
  DestinationOptions options = this->options(Signal::Metrics, config_->metrics);
  options.collect_every = config_->metric_interval;
  options.make_encoders = [config = config_, source = std::move(source),
                           start = core_.transport().clock().now()] {
    std::vector<std::unique_ptr<Encoder>> encoders;
    encoders.push_back(make_metric_lane_encoder(config, source, start));
    return encoders;
  };
  const std::lock_guard lock(mutex_);
  metrics_ = core_.open_beside(std::move(options));
}

std::shared_ptr<LogExporter> OtlpSignals::log_exporter() {
  if (!is_wanted(config_->logs, "log records", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT")) return nullptr;
  const std::lock_guard lock(mutex_);
  if (log_exporter_) return log_exporter_;
  DestinationOptions options = this->options(Signal::Logs, config_->logs);
  options.mask = mask_;
  options.make_encoders = [config = config_] {
    std::vector<std::unique_ptr<Encoder>> encoders;
    encoders.push_back(make_line_lane_encoder(config));
    return encoders;
  };
  logs_ = core_.open_beside(std::move(options));
  if (logs_) log_exporter_ = make_log_exporter(logs_);
  return log_exporter_;
}

DestinationStats OtlpSignals::stats_of(const Ref<const DestinationSet>& set,
                                       const char* name) const {
  const std::lock_guard lock(mutex_);
  if (set) return set->destinations().front()->stats();
  DestinationStats none;
  none.destination = name;
  return none;
}

DestinationStats OtlpSignals::metric_stats() const { return stats_of(metrics_, kMetricsName); }
DestinationStats OtlpSignals::log_stats() const { return stats_of(logs_, kLogsName); }

}  // namespace v0
}  // namespace llmtrace
