// What docs/configuration.md says of each variable.
#include "common/src/otlp_exporter/resolved_config.h"

namespace llmtrace {
inline namespace v0 {

const std::vector<VariableInfo>& otlp_variables() {
  static const std::vector<VariableInfo> kTable = {
      {"OTEL_EXPORTER_OTLP_ENDPOINT", "endpoint",
       "base URL, under which v1/traces, v1/metrics and v1/logs are; http://localhost:4318"},
      {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "traces_endpoint", "used as it is; none"},
      {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "metrics_endpoint", "used as it is; none"},
      {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "logs_endpoint", "used as it is; none"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "headers",
       "key=value,key2=value2 with what is special in a value as %XX; _TRACES_, _METRICS_ and "
       "_LOGS_ variables stand for it; none"},
      {"OTEL_EXPORTER_OTLP_PROTOCOL", "protocol",
       "http/protobuf or http/json; for grpc the log names the remedy; the three signals' own "
       "variables win; http/protobuf"},
      {"OTEL_EXPORTER_OTLP_COMPRESSION", "compression",
       "gzip or none; the three signals' own variables win; gzip, none to loopback"},
      {"OTEL_EXPORTER_OTLP_TIMEOUT", "timeout",
       "milliseconds for one attempt, 0: no limit; the three signals' own variables win; 10000"},
      {"OTEL_EXPORTER_OTLP_CERTIFICATE", "certificate",
       "PEM file of the authorities to trust; the three signals' own variables win; the system's"},
      {"OTEL_EXPORTER_OTLP_CLIENT_KEY", "client_key",
       "PEM file; the three signals' own variables win; none"},
      {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "client_certificate",
       "PEM file; the three signals' own variables win; none"},
      {"OTEL_SERVICE_NAME", "service_name",
       "the resource's service.name; then that of OTEL_RESOURCE_ATTRIBUTES; unknown_service: and "
       "the program's name"},
      {"OTEL_RESOURCE_ATTRIBUTES", "resource_attributes",
       "key=value,key2=value2 with what is special in a value as %XX; with a mistake in it, none "
       "of "
       "it is taken; none"},
      {"OTEL_SDK_DISABLED", "enabled", "true: nothing is recorded; false"},
      {"OTEL_TRACES_EXPORTER", "",
       "none: no observations and no scores are recorded, whatever `enabled` says; otlp"},
      {"OTEL_METRICS_EXPORTER", "", "none: no metrics are sent; otlp"},
      {"OTEL_LOGS_EXPORTER", "", "none: no log records are sent; otlp"},
      {"OTEL_TRACES_SAMPLER", "sampler",
       "always_on, always_off, traceidratio or one of these after parentbased_; "
       "parentbased_always_on"},
      {"OTEL_TRACES_SAMPLER_ARG", "sample_rate",
       "share of traces that traceidratio keeps, 0 to 1; 1"},
      {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "capture_content",
       "true: inputs and outputs are sent; false"},
      {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "max_batch_items", "spans in a full batch; 1024"},
      {"OTEL_BSP_SCHEDULE_DELAY", "batch_interval",
       "milliseconds that a batch waits to become full; 1000"},
      {"OTEL_BSP_EXPORT_TIMEOUT", "timeout",
       "milliseconds for one attempt, where less than OTEL_EXPORTER_OTLP_TIMEOUT; none"},
      {"OTEL_BSP_MAX_QUEUE_SIZE", "",
       "spans that may wait for this backend, where less than the transport's budget; none"},
      {"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "", "log records in a full batch; 512"},
      {"OTEL_BLRP_SCHEDULE_DELAY", "", "milliseconds that a batch of log records waits; 1000"},
      {"OTEL_BLRP_MAX_QUEUE_SIZE", "", "log records that may wait; none"},
      {"OTEL_METRIC_EXPORT_INTERVAL", "metric_interval",
       "milliseconds between two exports of metrics; 60000"},
      {"OTEL_METRIC_EXPORT_TIMEOUT", "timeout",
       "milliseconds for one attempt of metrics, where less than OTEL_EXPORTER_OTLP_TIMEOUT; none"},
      {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "metric_temporality",
       "cumulative; delta: counters and histograms as differences; lowmemory: those that are "
       "counted as they happen; cumulative"},
      {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "",
       "characters of an attribute's text; then OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT; none"},
      {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "",
       "attributes of a span; then OTEL_ATTRIBUTE_COUNT_LIMIT; 128"},
      {"OTEL_SPAN_EVENT_COUNT_LIMIT", "", "events of a span; 128"},
      {"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "",
       "attributes of an event; then OTEL_ATTRIBUTE_COUNT_LIMIT; 128"},
      {"OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "",
       "characters of a log record's attribute; then OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT; none"},
      {"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "",
       "attributes of a log record; then OTEL_ATTRIBUTE_COUNT_LIMIT; 128"},
      {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "",
       "for spans, events and log records, unless theirs is set"},
      {"OTEL_ATTRIBUTE_COUNT_LIMIT", "", "for spans, events and log records, unless theirs is set"},
      {"OTEL_LOG_LEVEL", "debug",
       "debug, trace, verbose or all: one line at the start with the settings, and one for each "
       "request; info"},
  };
  return kTable;
}

}  // namespace v0
}  // namespace llmtrace
