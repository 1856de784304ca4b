#include "common/src/otlp_exporter/resolved_config.h"

#include <llmtrace/version.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "common/src/http_text.h"
#include "common/src/otlp_exporter/otel_variables.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kDefaultEndpoint = "http://localhost:4318";
constexpr std::size_t kDefaultBatchItems = 1024;
constexpr milliseconds kDefaultBatchInterval{1000};
constexpr std::size_t kDefaultBlrpItems = 512;
// The most that a request may hold by OTLP's specification, before compression.
constexpr std::size_t kMaxRequestBytes = std::size_t{64} << 20;

constexpr std::string_view kPairsRule =
    " must be a list of key=value, separated by commas, with what is special in a value as %XX";

// What one signal's endpoint is made from.
struct Signal {
  std::string_view name;  // in variables
  std::string_view path;
  std::string_view option;  // the member of OtlpConfig that holds its own URL
  const ConfigText& url;
};

// A signal's own variable, and the one for all signals.
struct Variable {
  Variable(const Signal& signal, std::string_view what)
      : own("OTEL_EXPORTER_OTLP_" + std::string(signal.name) + "_" + std::string(what)),
        general("OTEL_EXPORTER_OTLP_" + std::string(what)) {}
  std::string own;
  std::string general;
};

// In code a wrong value throws; in a variable it is told, and as if it was not set.
template <class Check>
std::optional<std::string> readable_url(const std::string& name, OtelVariables& variables,
                                        Check check) {
  const auto value = variables.text({name.c_str()});
  if (!value) return std::nullopt;
  try {
    return check(*value, name);
  } catch (const std::invalid_argument& error) {
    variables.warn(std::string(error.what()) + "; it is ignored");
    return std::nullopt;
  }
}

std::string below(const std::string& base, std::string_view path) {
  return base + "/" + std::string(path);
}

void resolve_url(const OtlpConfig& config, const Signal& signal, OtelVariables& variables,
                 OtlpEndpoint& endpoint) {
  endpoint.is_given = true;
  if (!signal.url.empty()) {
    endpoint.url = checked_url(signal.url.str(), signal.option);
    return;
  }
  if (!config.endpoint.empty()) {
    endpoint.url =
        below(checked_base_url(config.endpoint.str(), "OtlpConfig::endpoint"), signal.path);
    return;
  }
  const Variable names(signal, "ENDPOINT");
  if (const auto own = readable_url(names.own, variables, checked_url)) {
    endpoint.url = *own;
  } else if (const auto base = readable_url(names.general, variables, checked_base_url)) {
    endpoint.url = below(*base, signal.path);
  } else {
    endpoint.url = below(std::string(kDefaultEndpoint), signal.path);
    endpoint.is_given = false;
  }
}

bool describes_body(std::string_view name) noexcept {
  const auto is_it = [name](std::string_view other) { return same_ignoring_case(name, other); };
  constexpr std::array<std::string_view, 4> kNames{"Content-Type", "Content-Encoding",
                                                   "Content-Length", "Transfer-Encoding"};
  return std::any_of(kNames.begin(), kNames.end(), is_it);
}

std::vector<HttpHeader> resolve_headers(const OtlpConfig& config, const Signal& signal,
                                        OtelVariables& variables) {
  for (const HttpHeader& header : config.headers) {
    if (describes_body(header.name)) {
      wrong_value("OtlpConfig::headers", "without headers that describe the body", header.name);
    }
  }
  if (!config.headers.empty()) return checked_headers(config.headers, "OtlpConfig::headers");
  std::vector<HttpHeader> headers;
  const Variable names(signal, "HEADERS");
  auto given = variables.pairs({names.own.c_str(), names.general.c_str()});
  // No value is repeated: it may be a credential.
  if (given.has_bad_member) {
    variables.warn(given.name + std::string(kPairsRule) +
                   "; a member without a key and an equals sign is ignored");
  }
  for (auto& [name, value] : given.pairs) {
    const bool valid = is_header_name(name) && is_header_value(value) && !describes_body(name);
    if (valid) {
      headers.push_back({std::move(name), std::move(value)});
    } else {
      variables.warn(given.name + " holds a header that cannot be sent" +
                     (is_header_name(name) ? ", \"" + name + "\"" : std::string()) +
                     "; it is ignored");
    }
  }
  return headers;
}

OtlpProtocol resolve_protocol(const OtlpConfig& config, const Signal& signal,
                              OtelVariables& variables) {
  if (config.protocol) return *config.protocol;
  const Variable names(signal, "PROTOCOL");
  const auto choice = variables.choice({names.own.c_str(), names.general.c_str()},
                                       {"http/protobuf", "http/json", "grpc"});
  constexpr std::size_t kGrpc = 2;
  if (choice == kGrpc) {
    variables.warn(
        names.general +
        "=grpc: OTLP over gRPC is not spoken, http/protobuf is used instead; set it to "
        "http/protobuf and let the endpoint be the HTTP receiver's (port 4318, not 4317)");
  }
  return choice == 1U ? OtlpProtocol::HttpJson : OtlpProtocol::HttpProtobuf;
}

OtlpCompression resolve_compression(const OtlpConfig& config, const Signal& signal,
                                    const std::string& url, OtelVariables& variables) {
  if (config.compression) return *config.compression;
  const Variable names(signal, "COMPRESSION");
  const auto choice =
      variables.choice({names.own.c_str(), names.general.c_str()}, {"gzip", "none"});
  if (choice) return *choice == 0 ? OtlpCompression::Gzip : OtlpCompression::None;
  // On one machine, compressing costs more than it saves.
  return is_loopback_url(url) ? OtlpCompression::None : OtlpCompression::Gzip;
}

std::string resolve_file(const ConfigText& given, const Signal& signal, std::string_view what,
                         const OtelVariables& variables) {
  if (!given.empty()) return given.str();
  const Variable names(signal, what);
  return variables.text({names.own.c_str(), names.general.c_str()}).value_or("");
}

void check_client_files(const OtlpConfig& config, OtelVariables& variables,
                        OtlpEndpoint& endpoint) {
  if (endpoint.client_key.empty() == endpoint.client_certificate.empty()) return;
  const std::string rule =
      "a client certificate and its key go together: give both "
      "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY";
  if (!config.client_key.empty() || !config.client_certificate.empty()) {
    throw std::invalid_argument(rule);
  }
  variables.warn(rule + "; the one is ignored");
  endpoint.client_key.clear();
  endpoint.client_certificate.clear();
}

OtlpEndpoint resolve_endpoint(const OtlpConfig& config, const Signal& signal,
                              OtelVariables& variables) {
  OtlpEndpoint endpoint;
  const std::string exporter = "OTEL_" + std::string(signal.name) + "_EXPORTER";
  endpoint.enabled = variables.choice({exporter.c_str()}, {"otlp", "none"}).value_or(0) == 0;
  resolve_url(config, signal, variables, endpoint);
  endpoint.headers = resolve_headers(config, signal, variables);
  endpoint.protocol = resolve_protocol(config, signal, variables);
  endpoint.compression = resolve_compression(config, signal, endpoint.url, variables);
  const Variable timeout(signal, "TIMEOUT");
  endpoint.timeout = checked_duration(
      config.timeout ? *config.timeout
                     : variables.timeout({timeout.own.c_str(), timeout.general.c_str()})
                           .value_or(milliseconds(10'000)),
      "OtlpConfig::timeout");
  endpoint.certificate = resolve_file(config.certificate, signal, "CERTIFICATE", variables);
  endpoint.client_key = resolve_file(config.client_key, signal, "CLIENT_KEY", variables);
  endpoint.client_certificate =
      resolve_file(config.client_certificate, signal, "CLIENT_CERTIFICATE", variables);
  check_client_files(config, variables, endpoint);
  return endpoint;
}

void resolve_endpoints(const OtlpConfig& config, OtelVariables& variables,
                       ResolvedOtlpConfig& resolved) {
  resolved.traces = resolve_endpoint(
      config, {"TRACES", "v1/traces", "OtlpConfig::traces_endpoint", config.traces_endpoint},
      variables);
  resolved.metrics = resolve_endpoint(
      config, {"METRICS", "v1/metrics", "OtlpConfig::metrics_endpoint", config.metrics_endpoint},
      variables);
  resolved.logs = resolve_endpoint(
      config, {"LOGS", "v1/logs", "OtlpConfig::logs_endpoint", config.logs_endpoint}, variables);
  const bool none_given =
      !resolved.traces.is_given && !resolved.metrics.is_given && !resolved.logs.is_given;
  for (OtlpEndpoint* endpoint : {&resolved.traces, &resolved.metrics, &resolved.logs}) {
    endpoint->is_given = endpoint->is_given || none_given;
  }
}

// `option` in words. Of what is no path nothing is repeated: it may be the key itself.
void warn_of_pem_file(std::string_view option, const std::string& file, OtelVariables& variables) {
  if (file.empty() || ::access(file.c_str(), R_OK) == 0) return;
  const std::string reason = std::strerror(errno);
  const bool is_path =
      file.find_first_of("\r\n") == std::string::npos && !file.starts_with("-----");
  variables.warn("the PEM file of the " + std::string(option) +
                 (is_path ? " \"" + file + "\" cannot be read: " + reason
                          : std::string(" must be given by its path, not by what it holds")) +
                 "; no request will succeed until it can be read");
}

void warn_of_endpoint(const OtlpEndpoint& endpoint, OtelVariables& variables) {
  if (endpoint.url.starts_with("https://")) {
    warn_of_pem_file("certificate", endpoint.certificate, variables);
    warn_of_pem_file("client key", endpoint.client_key, variables);
    warn_of_pem_file("client certificate", endpoint.client_certificate, variables);
  }
  const std::string host(url_host(endpoint.url));
  if (endpoint.url.find(":4317/") != std::string::npos) {
    variables.warn("port 4317 of " + host +
                   " is gRPC's by convention and takes no HTTP; the HTTP receiver's is 4318");
  }
  const bool readable = endpoint.url.starts_with("http://") && !is_loopback_url(endpoint.url);
  if (readable && !endpoint.headers.empty()) {
    variables.warn("headers and data go unencrypted to " + host +
                   "; use an https:// endpoint outside a trusted network");
  }
}

void set_attribute(std::vector<ResourceAttribute>& resource, std::string name, std::string value) {
  const auto known = std::find_if(resource.begin(), resource.end(),
                                  [&](const auto& other) { return other.name == name; });
  if (known != resource.end()) {
    known->value = std::move(value);
  } else {
    resource.push_back({std::move(name), std::move(value)});
  }
}

std::vector<ResourceAttribute> resolve_resource(const OtlpConfig& config,
                                                OtelVariables& variables) {
  std::vector<ResourceAttribute> resource;
  set_attribute(resource, "service.name", unknown_service_name());
  auto given = variables.pairs({"OTEL_RESOURCE_ATTRIBUTES"});
  if (given.has_bad_member || given.has_bad_escape) {
    variables.warn("OTEL_RESOURCE_ATTRIBUTES" + std::string(kPairsRule) + "; none of it is taken");
    given.pairs.clear();  // as the specification of resources asks
  }
  for (auto& [name, value] : given.pairs) {
    set_attribute(resource, std::move(name), std::move(value));
  }
  if (auto name = variables.text({"OTEL_SERVICE_NAME"})) {
    set_attribute(resource, "service.name", *std::move(name));
  }
  for (const auto& [name, value] : config.resource_attributes) {
    if (name.empty()) wrong_value("OtlpConfig::resource_attributes", "named", value);
    set_attribute(resource, name, value);
  }
  if (!config.service_name.empty()) {
    set_attribute(resource, "service.name", config.service_name.str());
  }
  set_attribute(resource, "telemetry.sdk.name", "llmtrace");
  set_attribute(resource, "telemetry.sdk.language", "cpp");
  set_attribute(resource, "telemetry.sdk.version", LLMTRACE_VERSION_STRING);
  return resource;
}

void resolve_sampling(const OtlpConfig& config, OtelVariables& variables,
                      ResolvedOtlpConfig& resolved) {
  const auto choice = variables.choice(
      {"OTEL_TRACES_SAMPLER"}, {"always_on", "always_off", "traceidratio", "parentbased_always_on",
                                "parentbased_always_off", "parentbased_traceidratio"});
  constexpr std::size_t kParentBased = 3;
  const std::size_t index = choice.value_or(kParentBased);
  resolved.sampler = config.sampler.value_or(index < kParentBased ? OtlpSampler::TraceIdRatio
                                                                  : OtlpSampler::ParentBased);
  if (config.sample_rate) {
    if (!(*config.sample_rate >= 0 && *config.sample_rate <= 1)) {
      wrong_value("OtlpConfig::sample_rate", "in [0, 1]", std::to_string(*config.sample_rate));
    }
    resolved.sample_rate = *config.sample_rate;
    return;
  }
  switch (index % kParentBased) {
    case 0:
      resolved.sample_rate = 1;
      break;
    case 1:
      resolved.sample_rate = 0;
      break;
    default:
      resolved.sample_rate = variables.ratio("OTEL_TRACES_SAMPLER_ARG").value_or(1);
  }
}

// A batch is at most what may wait.
BatchLimits batch_limits(std::size_t default_items, milliseconds default_interval,
                         const std::string& prefix, OtelVariables& variables) {
  const std::string items = prefix + "_MAX_EXPORT_BATCH_SIZE";
  const std::string interval = prefix + "_SCHEDULE_DELAY";
  const std::string waiting = prefix + "_MAX_QUEUE_SIZE";
  BatchLimits limits;
  limits.max_waiting_items = variables.count({waiting.c_str()}, 1).value_or(0);
  limits.max_items = variables.count({items.c_str()}, 1).value_or(default_items);
  if (limits.max_waiting_items != 0) {
    limits.max_items = std::min(limits.max_items, limits.max_waiting_items);
  }
  limits.interval = variables.milliseconds({interval.c_str()}).value_or(default_interval);
  return limits;
}

std::size_t at_least_one(std::size_t value, std::string_view name) {
  if (value == 0) wrong_value(name, "at least 1", "0");
  return value;
}

void resolve_batches(const OtlpConfig& config, OtelVariables& variables,
                     ResolvedOtlpConfig& resolved) {
  resolved.spans = batch_limits(kDefaultBatchItems, kDefaultBatchInterval, "OTEL_BSP", variables);
  resolved.log_records =
      batch_limits(kDefaultBlrpItems, kDefaultBatchInterval, "OTEL_BLRP", variables);
  if (config.max_batch_items) {
    resolved.spans.max_items = at_least_one(*config.max_batch_items, "OtlpConfig::max_batch_items");
  }
  if (config.batch_interval) {
    resolved.spans.interval =
        checked_duration(*config.batch_interval, "OtlpConfig::batch_interval");
  }
  // An attempt is bounded by the smaller of the two.
  if (!config.timeout) {
    const auto bound = variables.timeout({"OTEL_BSP_EXPORT_TIMEOUT"});
    if (bound) resolved.traces.timeout = std::min(resolved.traces.timeout, *bound);
  }
  resolved.max_batch_bytes = std::min(
      at_least_one(config.max_batch_bytes, "OtlpConfig::max_batch_bytes"), kMaxRequestBytes);
  resolved.max_item_bytes =
      std::min(at_least_one(config.max_item_bytes, "OtlpConfig::max_item_bytes"), kMaxRequestBytes);
}

void resolve_metrics(const OtlpConfig& config, OtelVariables& variables,
                     ResolvedOtlpConfig& resolved) {
  constexpr milliseconds kDefaultInterval(60'000);
  const auto interval = variables.milliseconds({"OTEL_METRIC_EXPORT_INTERVAL"}, 1);
  resolved.metric_interval =
      config.metric_interval
          ? checked_duration(*config.metric_interval, "OtlpConfig::metric_interval")
          : interval.value_or(kDefaultInterval);
  // An attempt is bounded by the smaller of the two.
  if (!config.timeout) {
    const auto bound = variables.timeout({"OTEL_METRIC_EXPORT_TIMEOUT"});
    if (bound) resolved.metrics.timeout = std::min(resolved.metrics.timeout, *bound);
  }
  const auto choice = variables.choice({"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"},
                                       {"cumulative", "delta", "lowmemory"});
  resolved.metric_temporality =
      config.metric_temporality.value_or(static_cast<MetricTemporality>(choice.value_or(0)));
}

AttributeLimits resolve_limits(OtelVariables& variables) {
  AttributeLimits limits;
  limits.value_length = variables.count(
      {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"}, 0);
  limits.span_attributes =
      variables.count({"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"}, 0)
          .value_or(limits.span_attributes);
  limits.span_events =
      variables.count({"OTEL_SPAN_EVENT_COUNT_LIMIT"}, 0).value_or(limits.span_events);
  limits.event_attributes =
      variables.count({"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"}, 0)
          .value_or(limits.event_attributes);
  limits.log_value_length = variables.count(
      {"OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"}, 0);
  limits.log_attributes =
      variables.count({"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"}, 0)
          .value_or(limits.log_attributes);
  return limits;
}

bool resolve_content(const OtlpConfig& config, OtelVariables& variables) {
  if (config.capture_content) return *config.capture_content;
  constexpr std::size_t kOn = 3;  // the first ones
  return variables
             .choice({"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"},
                     {"true", "span_only", "span_and_event", "false", "no_content", "event_only"})
             .value_or(kOn) < kOn;
}

// The specification names no levels: these are what its SDKs take.
bool resolve_debug(const OtlpConfig& config, OtelVariables& variables) {
  constexpr std::size_t kQuieter = 4;  // the first one
  const auto level = variables.choice(
      {"OTEL_LOG_LEVEL"}, {"debug", "trace", "verbose", "all", "info", "warn", "warning", "error",
                           "fatal", "critical", "none", "off"});
  return config.debug.value_or(level.value_or(kQuieter) < kQuieter);
}

}  // namespace

ResolvedOtlpConfig resolve(const OtlpConfig& config) {
  ResolvedOtlpConfig resolved;
  OtelVariables variables(resolved.warnings);
  resolve_endpoints(config, variables, resolved);
  resolved.enabled = config.enabled.value_or(!variables.is_true("OTEL_SDK_DISABLED"));
  resolved.proxy = config.proxy;
  resolved.resource = resolve_resource(config, variables);
  resolve_sampling(config, variables, resolved);
  resolved.capture_content = resolve_content(config, variables);
  resolved.conventions = config.conventions.value_or(GenAiConventions::V1_41);
  resolved.observe = config.observe;
  resolve_batches(config, variables, resolved);
  resolve_metrics(config, variables, resolved);
  resolved.limits = resolve_limits(variables);
  resolved.debug = resolve_debug(config, variables);
  if (resolved.enabled) {
    for (const OtlpEndpoint* endpoint : {&resolved.traces, &resolved.metrics, &resolved.logs}) {
      if (endpoint->enabled && endpoint->is_given) warn_of_endpoint(*endpoint, variables);
    }
  }
  // What is wrong with a variable for all signals is told once.
  auto& warnings = resolved.warnings;
  for (auto warning = warnings.begin(); warning != warnings.end(); ++warning) {
    warnings.erase(std::remove(warning + 1, warnings.end(), *warning), warnings.end());
  }
  return resolved;
}

OtlpResource resource_of(const ResolvedOtlpConfig& config) {
  OtlpResource resource;
  resource.scope_name = "llmtrace";
  resource.scope_version = LLMTRACE_VERSION_STRING;
  for (const auto& [name, value] : config.resource) resource.attributes.emplace_back(name, value);
  return resource;
}

}  // namespace v0
}  // namespace llmtrace
