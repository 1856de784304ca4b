#include <llmtrace/otlp_exporter.h>

#include <optional>
#include <utility>

#include "common/src/client_core.h"
#include "common/src/guard.h"
#include "common/src/http_text.h"
#include "common/src/otlp_exporter/baggage_propagator.h"
#include "common/src/otlp_exporter/signals.h"
#include "common/src/otlp_exporter/wire.h"
#include "common/src/score.h"

namespace llmtrace {
inline namespace v0 {

namespace {

// They are log records: at a backend that nobody asked to take those, scores have no place.
bool takes_scores(const ResolvedOtlpConfig& config) noexcept {
  return config.logs.enabled && config.logs.is_given;
}

}  // namespace

class OtlpExporter::Impl {
 public:
  explicit Impl(const OtlpConfig& config)
      : core("otlp", config.transport, config.shutdown_timeout) {
    config_ = std::make_shared<const ResolvedOtlpConfig>(resolve(config));
    for (const std::string& warning : config_->warnings) core.log(LogLevel::Warning, warning);
    if (config_->debug) core.log(LogLevel::Debug, banner());
    if (!config_->enabled) return;
    if (!config_->traces.enabled) {
      core.log(LogLevel::Info, "records no observations and no scores: OTEL_TRACES_EXPORTER=none");
    } else if (config.endpoint.empty() && config.traces_endpoint.empty()) {
      core.log(LogLevel::Info, "sends to " + std::string(url_host(config_->traces.url)) +
                                   ", as the environment says");
    }
    if (config_->traces.enabled && config_->logs.enabled && !config_->logs.is_given) {
      core.log(LogLevel::Info,
               "scores are not sent: set OTEL_EXPORTER_OTLP_LOGS_ENDPOINT, or "
               "OTEL_EXPORTER_OTLP_ENDPOINT for all signals");
    }
    std::vector<DestinationOptions> destinations;
    if (config_->traces.enabled) destinations.push_back(destination_options(config.mask));
    core.open(std::move(destinations));
    signals.emplace(core, config_, config.mask);
    signals->open_metrics(config.metrics);
  }

  ClientCore core;
  std::optional<OtlpSignals> signals;  // none when disabled

 private:
  std::string banner() const {
    if (config_->enabled && !config_->traces.enabled) return "sends metrics and log records only";
    return std::string(config_->enabled ? "sends to " : "disabled; would send to ") +
           config_->traces.url +
           (config_->traces.protocol == OtlpProtocol::HttpJson ? ", http/json"
                                                               : ", http/protobuf") +
           ", sample rate " + std::to_string(config_->sample_rate) +
           (config_->capture_content ? ", with content" : ", without content");
  }

  DestinationOptions destination_options(const Mask& mask) const {
    DestinationOptions options;
    options.name = "otlp";
    options.sample_rate = config_->sample_rate;
    options.follows_remote_sampling = config_->sampler == OtlpSampler::ParentBased;
    options.observe = config_->observe;
    options.takes_scores = takes_scores(*config_);
    options.debug = config_->debug;
    options.mask = mask;
    options.propagator = make_baggage_propagator();
    options.unauthorized_hint =
        "check the key in OTEL_EXPORTER_OTLP_HEADERS or OtlpConfig::headers, and that it belongs "
        "to " +
        std::string(url_host(config_->traces.url));
    options.make_encoders = [config = config_] {
      std::vector<std::unique_ptr<Encoder>> encoders;
      encoders.push_back(make_span_lane_encoder(config));
      if (takes_scores(*config)) encoders.push_back(make_evaluation_lane_encoder(config));
      return encoders;
    };
    return options;
  }

  std::shared_ptr<const ResolvedOtlpConfig> config_;
};

OtlpExporter::OtlpExporter(OtlpConfig config) : impl_(std::make_unique<Impl>(config)) {}
OtlpExporter::~OtlpExporter() = default;
OtlpExporter::OtlpExporter(OtlpExporter&&) noexcept = default;

bool OtlpExporter::enabled() const noexcept { return impl_->signals.has_value(); }

Observation OtlpExporter::start_observation(ObservationParams params) noexcept {
  return impl_->core.handle([&] { return impl_->core.start(std::move(params)); });
}

void OtlpExporter::score(ScoreParams params) noexcept {
  if (!impl_->core.enabled()) return;
  const DestinationSet& set = impl_->core.set();
  guarded(set, [&] {
    if (set.destinations().front()->options().takes_scores) {
      submit_score(std::move(params), set, "");
      return;
    }
    set.destinations().front()->refuse(DropReason::Rejected);
    set.keeper().log().log(DropReason::Rejected, LogLevel::Warning,
                           "otlp: the score \"" + params.name +
                               "\" was dropped: scores are log records, and those are off; see "
                               "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT and OTEL_LOGS_EXPORTER");
  });
}

ContextScope OtlpExporter::activate() const noexcept { return impl_->core.activate(); }

bool OtlpExporter::flush(std::chrono::milliseconds timeout) noexcept {
  return impl_->core.flush(timeout);
}

bool OtlpExporter::shutdown(std::chrono::milliseconds timeout) noexcept {
  return impl_->core.shutdown(timeout);
}

DestinationStats OtlpExporter::stats() const { return impl_->core.stats(); }

std::shared_ptr<LogExporter> OtlpExporter::log_exporter() {
  return impl_->signals ? impl_->signals->log_exporter() : nullptr;
}

DestinationStats OtlpExporter::metric_stats() const {
  return impl_->signals ? impl_->signals->metric_stats() : DestinationStats();
}

DestinationStats OtlpExporter::log_stats() const {
  return impl_->signals ? impl_->signals->log_stats() : DestinationStats();
}

}  // namespace v0
}  // namespace llmtrace
