// OtlpConfig: what an OtlpExporter is made from. Everything may be left out: code wins over the
// environment (OTEL_* variables as OpenTelemetry's specification has them, see
// docs/configuration.md), which wins over the default.
#pragma once

#include <llmtrace/http_client.h>
#include <llmtrace/metric_source.h>
#include <llmtrace/observation.h>
#include <llmtrace/secret.h>
#include <llmtrace/transport.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace llmtrace {
inline namespace v0 {

/// How OTLP is written. Both carry the same; protobuf is the faster one (bench/encode.cpp).
enum class OtlpProtocol : unsigned char { HttpProtobuf, HttpJson };

enum class OtlpCompression : unsigned char { Gzip, None };

/// Whose attribute names are sent: versions of OpenTelemetry's GenAI semantic conventions.
enum class GenAiConventions : unsigned char {
  V1_36,  ///< gen_ai.system, gen_ai.prompt, gen_ai.completion: for backends that know no newer ones
  V1_41,  ///< the last release
};

/// Which traces are kept; see OTEL_TRACES_SAMPLER.
enum class OtlpSampler : unsigned char {
  /// As the sender of a remote parent said; traces that begin here by `sample_rate`.
  ParentBased,
  /// By `sample_rate` alone.
  TraceIdRatio,
};

struct ResourceAttribute {
  std::string name{};
  std::string value{};
};

struct OtlpConfig {
  /// The backend's base URL; "v1/traces" and the like are added. OTEL_EXPORTER_OTLP_ENDPOINT;
  /// http://localhost:4318
  ConfigText endpoint{};
  ConfigText traces_endpoint{};   ///< used as it is; OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
  ConfigText metrics_endpoint{};  ///< used as it is; OTEL_EXPORTER_OTLP_METRICS_ENDPOINT
  ConfigText logs_endpoint{};     ///< used as it is; OTEL_EXPORTER_OTLP_LOGS_ENDPOINT
  /// With every request, keys of the backend among them. Given, they stand for those of the
  /// environment, which may be another backend's: OTEL_EXPORTER_OTLP_HEADERS
  std::vector<HttpHeader> headers{};
  std::optional<OtlpProtocol> protocol{};        ///< OTEL_EXPORTER_OTLP_PROTOCOL; http/protobuf
  std::optional<OtlpCompression> compression{};  ///< OTEL_EXPORTER_OTLP_COMPRESSION; gzip, none to
                                                 ///< loopback
  std::optional<std::chrono::milliseconds> timeout{};  ///< OTEL_EXPORTER_OTLP_TIMEOUT; 10 s, for
                                                       ///< one attempt
  std::optional<std::string> proxy{};  ///< empty: none; absent: as https_proxy and NO_PROXY say
  ConfigText certificate{};            ///< PEM file of the authorities to trust instead of the
                                       ///< system's; OTEL_EXPORTER_OTLP_CERTIFICATE
  ConfigText client_key{};             ///< PEM file; OTEL_EXPORTER_OTLP_CLIENT_KEY
  ConfigText client_certificate{};     ///< PEM file; OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE

  ConfigText service_name{};  ///< OTEL_SERVICE_NAME; unknown_service: and the program's name
  /// Of the resource; added to those of OTEL_RESOURCE_ATTRIBUTES, over which they win.
  std::vector<ResourceAttribute> resource_attributes{};

  std::optional<bool> enabled{};         ///< OTEL_SDK_DISABLED; true
  std::optional<OtlpSampler> sampler{};  ///< OTEL_TRACES_SAMPLER; ParentBased
  std::optional<double> sample_rate{};   ///< OTEL_TRACES_SAMPLER_ARG; 1. Drawn once per trace
  /// Sends inputs, outputs, tool arguments and results.
  /// OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT; false, as the conventions ask
  std::optional<bool> capture_content{};
  std::optional<GenAiConventions> conventions{};  ///< V1_41
  /// Runs on the flusher thread over a copy of every user text; see llmtrace::Mask.
  Mask mask{};
  /// False: only handles of this exporter and scopes of `activate` reach it, OBSERVE alone does
  /// not.
  bool observe = true;

  /// Whose numbers are sent, at an interval, at a flush and at a shutdown:
  /// Metrics::process_default().source(). Null, or OTEL_METRICS_EXPORTER=none: no metrics.
  std::shared_ptr<const MetricSource> metrics{};
  std::optional<std::chrono::milliseconds>
      metric_interval{};  ///< OTEL_METRIC_EXPORT_INTERVAL; 60 s
  std::optional<MetricTemporality>
      metric_temporality{};  ///< OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE; Cumulative

  std::optional<std::size_t> max_batch_items{};  ///< OTEL_BSP_MAX_EXPORT_BATCH_SIZE; 1,024 spans
  std::optional<std::chrono::milliseconds> batch_interval{};  ///< OTEL_BSP_SCHEDULE_DELAY; 1 s
  std::size_t max_batch_bytes = 3'500'000;                    ///< before compression
  std::size_t max_item_bytes = 5'000'000;  ///< a larger observation has its largest value cut
  std::optional<bool> debug{};             ///< OTEL_LOG_LEVEL=debug; false

  /// How long the destructor drains.
  std::chrono::milliseconds shutdown_timeout{2000};
  /// Null: the process's default transport.
  std::shared_ptr<Transport> transport{};
};

}  // namespace v0
}  // namespace llmtrace
