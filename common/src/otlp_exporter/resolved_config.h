// ResolvedOtlpConfig is an OtlpConfig in which nothing is open any more: code, environment and
// defaults are merged and checked, for each signal (traces, metrics, logs) on its own.
#pragma once

#include <llmtrace/otlp_config.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/environment.h"
#include "common/src/otlp/attribute_sink.h"
#include "common/src/otlp_exporter/limited_sink.h"

namespace llmtrace {
inline namespace v0 {

/// Where the requests of one signal go, and how.
struct OtlpEndpoint {
  std::string url;  // complete
  /// Whether the URL, or the base URL it was made from, was given, or else nothing was at all.
  /// Where only another signal's URL was given, nobody said that this one is wanted.
  bool is_given = false;
  bool enabled = true;  // false: OTEL_<SIGNAL>_EXPORTER=none
  std::vector<HttpHeader> headers;
  OtlpProtocol protocol = OtlpProtocol::HttpProtobuf;
  OtlpCompression compression = OtlpCompression::Gzip;
  std::chrono::milliseconds timeout{0};
  std::string certificate;
  std::string client_key;
  std::string client_certificate;
};

struct BatchLimits {
  std::size_t max_items = 512;
  std::chrono::milliseconds interval{0};
  std::size_t max_waiting_items = 0;  // 0: the transport's budget alone
};

struct ResolvedOtlpConfig {
  bool enabled = true;
  OtlpEndpoint traces;
  OtlpEndpoint metrics;
  OtlpEndpoint logs;
  std::optional<std::string> proxy;
  /// service.name first, then those of code and environment, then the SDK's own.
  std::vector<ResourceAttribute> resource;
  OtlpSampler sampler = OtlpSampler::ParentBased;
  double sample_rate = 1;
  bool capture_content = false;
  GenAiConventions conventions = GenAiConventions::V1_41;
  bool observe = true;
  BatchLimits spans;        // OTEL_BSP_*
  BatchLimits log_records;  // OTEL_BLRP_*
  std::chrono::milliseconds metric_interval{0};
  MetricTemporality metric_temporality = MetricTemporality::Cumulative;
  std::size_t max_batch_bytes = 0;
  std::size_t max_item_bytes = 0;
  AttributeLimits limits;
  bool debug = false;
  std::vector<std::string> warnings;  // for the log, once
};

/// Throws std::invalid_argument for a wrong value in code, naming the option, the value and the
/// remedy; a wrong variable becomes a warning.
LLMTRACE_EXPORT ResolvedOtlpConfig resolve(const OtlpConfig& config);

/// What stands around all of a request's items.
LLMTRACE_EXPORT OtlpResource resource_of(const ResolvedOtlpConfig& config);

/// Every environment variable that is read, in the order of the documentation.
LLMTRACE_EXPORT const std::vector<VariableInfo>& otlp_variables();

}  // namespace v0
}  // namespace llmtrace
