#include "langfuse/src/resolved_config.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "common/src/environment.h"
#include "common/src/http_text.h"
#include "common/src/propagator.h"
#include "langfuse/src/trace_limits.h"

namespace langfuse {
inline namespace v0 {
namespace {

using llmtrace::boolean_variable;
using llmtrace::checked_duration;
using llmtrace::checked_headers;
using llmtrace::environment_variable;
using llmtrace::lower_case;
using llmtrace::milliseconds_variable;
using llmtrace::sample_rate_option;
using llmtrace::seconds_variable;
using llmtrace::size_variable;
using llmtrace::text_option;
using llmtrace::VariableInfo;
using llmtrace::wrong_value;
using std::chrono::milliseconds;

constexpr std::string_view kDefaultBaseUrl = "https://cloud.langfuse.com";
constexpr std::string_view kDefaultExportPath = "api/public/otel/v1/traces";

// CI systems say which commit they build; the first that is set serves as the release.
constexpr std::array<const char*, 11> kReleaseVariables = {
    "LANGFUSE_RELEASE", "RENDER_GIT_COMMIT",   "CI_COMMIT_SHA",   "CIRCLE_SHA1",
    "SOURCE_VERSION",   "TRAVIS_COMMIT",       "GIT_COMMIT",      "GITHUB_SHA",
    "BITBUCKET_COMMIT", "BUILD_SOURCEVERSION", "DRONE_COMMIT_SHA"};

template <class Value>
std::size_t at_least_one(const std::optional<Value>& value, std::string_view name) {
  if (value && *value == 0) wrong_value(name, "at least 1", "0");
  return value.value_or(0);
}

std::string checked_environment(const std::string& given, std::vector<std::string>& warnings) {
  if (given.empty()) return given;
  std::string sent = valid_environment(given);
  if (sent != given) warnings.push_back(environment_complaint(given, sent));
  return sent;
}

// As OpenTelemetry's resource detectors name a service. Of the resource attributes no other is
// sent.
std::string service_name() {
  if (auto name = environment_variable("OTEL_SERVICE_NAME")) return *std::move(name);
  llmtrace::Baggage attributes;  // the same form
  attributes.parse(environment_variable("OTEL_RESOURCE_ATTRIBUTES").value_or(""));
  if (const auto name = attributes.find("service.name"); !name.empty()) return std::string(name);
  return llmtrace::unknown_service_name();
}

Compression compression(const Config& config, const std::string& base_url) {
  if (config.compression) return *config.compression;
  for (const char* name : {"LANGFUSE_OTEL_COMPRESSION", "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
                           "OTEL_EXPORTER_OTLP_COMPRESSION"}) {
    const auto value = environment_variable(name);
    if (!value) continue;
    if (*value == "gzip") return Compression::Gzip;
    if (*value == "none") return Compression::None;
    wrong_value(name, "gzip or none", *value);
  }
  // On one machine, compressing costs more than it saves.
  return llmtrace::is_loopback_url(base_url) ? Compression::None : Compression::Gzip;
}

void check_keys(ResolvedConfig& resolved) {
  if (!llmtrace::is_header_value(resolved.public_key) ||
      !llmtrace::is_header_value(resolved.secret_key.reveal())) {
    throw std::invalid_argument(
        "LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY must hold no control characters; copy them "
        "from "
        "the project's settings without line breaks");
  }
  if (!resolved.enabled) return;
  if (resolved.public_key.empty() || resolved.secret_key.empty()) {
    resolved.enabled = false;
    resolved.warnings.push_back(
        std::string("tracing is off: set ") +
        (resolved.public_key.empty() ? "LANGFUSE_PUBLIC_KEY" : "") +
        (resolved.public_key.empty() && resolved.secret_key.empty() ? " and " : "") +
        (resolved.secret_key.empty() ? "LANGFUSE_SECRET_KEY" : "") +
        " (from the project's settings in Langfuse), or LANGFUSE_TRACING_ENABLED=false");
    return;
  }
  if (resolved.base_url.starts_with("http://") && !llmtrace::is_loopback_url(resolved.base_url)) {
    resolved.warnings.push_back("keys and traces go unencrypted to " +
                                std::string(llmtrace::url_host(resolved.base_url)) +
                                "; use an https:// base URL outside a trusted network");
  }
}

}  // namespace

ResolvedConfig resolve(const Config& config) {
  ResolvedConfig resolved;
  resolved.public_key = text_option(config.public_key, {"LANGFUSE_PUBLIC_KEY"}, "");
  resolved.secret_key = config.secret_key;
  if (resolved.secret_key.empty()) {
    if (auto value = environment_variable("LANGFUSE_SECRET_KEY"))
      resolved.secret_key = Secret(*value);
  }
  const auto url_variable =
      environment_variable({"LANGFUSE_BASE_URL", "LANGFUSE_HOST", "LANGFUSE_BASEURL"});
  resolved.base_url_is_from_environment = config.base_url.empty() && url_variable;
  resolved.base_url = llmtrace::checked_base_url(
      resolved.base_url_is_from_environment ? *url_variable
                                            : text_option(config.base_url, {}, kDefaultBaseUrl),
      "LANGFUSE_BASE_URL");
  resolved.export_path = text_option({}, {"LANGFUSE_OTEL_TRACES_EXPORT_PATH"}, kDefaultExportPath);
  while (resolved.export_path.starts_with('/')) resolved.export_path.erase(0, 1);
  if (!llmtrace::is_header_value(resolved.export_path)) {
    wrong_value("LANGFUSE_OTEL_TRACES_EXPORT_PATH", "a URL path", "(control characters)");
  }
  resolved.environment = checked_environment(
      text_option(config.environment, {"LANGFUSE_TRACING_ENVIRONMENT"}, ""), resolved.warnings);
  resolved.release = config.release.str();
  for (const char* name : kReleaseVariables) {
    if (resolved.release.empty()) resolved.release = environment_variable(name).value_or("");
  }
  const bool sdk_disabled =
      lower_case(environment_variable("OTEL_SDK_DISABLED").value_or("")) == "true";
  resolved.enabled = config.tracing_enabled.value_or(
      boolean_variable({"LANGFUSE_TRACING_ENABLED"}).value_or(!sdk_disabled));
  resolved.sample_rate = sample_rate_option(config.sample_rate, {"LANGFUSE_SAMPLE_RATE"});
  resolved.observe = config.observe;
  resolved.capture_io = config.capture_io.value_or(
      boolean_variable({"LANGFUSE_OBSERVE_DECORATOR_IO_CAPTURE_ENABLED"}).value_or(true));
  resolved.timeout =
      checked_duration(config.timeout.value_or(
                           seconds_variable({"LANGFUSE_TIMEOUT"}).value_or(milliseconds(10'000))),
                       "Config::timeout");
  resolved.proxy = config.proxy;
  resolved.ca_file = config.ca_file.str();
  resolved.additional_headers = checked_headers(config.additional_headers);
  resolved.protocol = config.protocol;
  resolved.encoding = config.encoding;
  resolved.compression = compression(config, resolved.base_url);
  at_least_one(config.flush_at, "Config::flush_at");
  resolved.flush_at = config.flush_at.value_or(
      size_variable({"LANGFUSE_FLUSH_AT", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"}).value_or(1024));
  resolved.flush_interval = checked_duration(
      config.flush_interval.value_or(
          seconds_variable({"LANGFUSE_FLUSH_INTERVAL"})
              .value_or(
                  milliseconds_variable({"OTEL_BSP_SCHEDULE_DELAY"}).value_or(milliseconds(1000)))),
      "Config::flush_interval");
  at_least_one(config.max_batch_bytes, "Config::max_batch_bytes");
  resolved.max_batch_bytes = config.max_batch_bytes.value_or(
      size_variable({"LANGFUSE_OTEL_MAX_BATCH_SIZE_BYTES"})
          .value_or(size_variable({"LANGFUSE_MAX_BATCH_SIZE_BYTES"}).value_or(3'500'000)));
  at_least_one(config.max_event_bytes, "Config::max_event_bytes");
  resolved.max_event_bytes = config.max_event_bytes.value_or(
      size_variable({"LANGFUSE_MAX_EVENT_SIZE_BYTES"}).value_or(5'000'000));
  const bool debug_level =
      lower_case(environment_variable("LANGFUSE_LOG_LEVEL").value_or("")) == "debug";
  resolved.debug =
      config.debug.value_or(boolean_variable({"LANGFUSE_DEBUG"}).value_or(debug_level));
  resolved.service_name = service_name();
  check_keys(resolved);
  return resolved;
}

const std::vector<VariableInfo>& variables() {
  static const std::vector<VariableInfo> kTable = {
      {"LANGFUSE_PUBLIC_KEY", "public_key", "the project's public key; no default"},
      {"LANGFUSE_SECRET_KEY", "secret_key", "the project's secret key; no default"},
      {"LANGFUSE_BASE_URL", "base_url", "the server; https://cloud.langfuse.com"},
      {"LANGFUSE_HOST", "base_url", "older name of LANGFUSE_BASE_URL"},
      {"LANGFUSE_BASEURL", "base_url", "older name of LANGFUSE_BASE_URL"},
      {"LANGFUSE_TRACING_ENVIRONMENT", "environment",
       "at most 40 of a-z 0-9 _ -; the server's \"default\""},
      {"LANGFUSE_RELEASE", "release",
       "the program's release; then the CI systems' commit variables"},
      {"LANGFUSE_TRACING_ENABLED", "tracing_enabled", "false: nothing is recorded; true"},
      {"LANGFUSE_SAMPLE_RATE", "sample_rate", "share of traces that is kept, 0 to 1; 1"},
      {"LANGFUSE_OBSERVE_DECORATOR_IO_CAPTURE_ENABLED", "capture_io",
       "false: OBSERVE sends no arguments and outputs; true"},
      {"LANGFUSE_TIMEOUT", "timeout", "seconds for one attempt; 10"},
      {"LANGFUSE_OTEL_TRACES_EXPORT_PATH", "",
       "path of the OTLP route under the base URL; api/public/otel/v1/traces"},
      {"LANGFUSE_OTEL_COMPRESSION", "compression",
       "gzip or none, then OTEL_EXPORTER_OTLP_TRACES_COMPRESSION and "
       "OTEL_EXPORTER_OTLP_COMPRESSION; gzip, none to loopback"},
      {"LANGFUSE_FLUSH_AT", "flush_at", "observations in a full batch; 1024"},
      {"LANGFUSE_FLUSH_INTERVAL", "flush_interval", "seconds that a batch waits to become full; 1"},
      {"LANGFUSE_OTEL_MAX_BATCH_SIZE_BYTES", "max_batch_bytes",
       "bytes in a full batch, before compression; 3500000"},
      {"LANGFUSE_MAX_BATCH_SIZE_BYTES", "max_batch_bytes", "older name of the same"},
      {"LANGFUSE_MAX_EVENT_SIZE_BYTES", "max_event_bytes",
       "a larger observation has its largest value cut; 5000000"},
      {"LANGFUSE_DEBUG", "debug",
       "true: one line at the start with the settings, and one for each request; false"},
      {"LANGFUSE_LOG_LEVEL", "debug",
       "DEBUG: as LANGFUSE_DEBUG, unless that is set; other levels change nothing"},
      {"OTEL_SERVICE_NAME", "",
       "the resource's service.name, then that of OTEL_RESOURCE_ATTRIBUTES; unknown_service: and "
       "the program's name"},
      {"OTEL_RESOURCE_ATTRIBUTES", "", "only its service.name; none"},
      {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "flush_at", "when LANGFUSE_FLUSH_AT is not set"},
      {"OTEL_BSP_SCHEDULE_DELAY", "flush_interval",
       "milliseconds, when LANGFUSE_FLUSH_INTERVAL is not set"},
      {"OTEL_SDK_DISABLED", "tracing_enabled", "true: nothing is recorded; false"},
  };
  return kTable;
}

}  // namespace v0
}  // namespace langfuse
