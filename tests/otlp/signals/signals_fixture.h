// What the tests of metrics and log records share: an exporter that speaks JSON to a fake HTTP
// client, and readers of what it sent.
#pragma once

#include <llmtrace/log.h>
#include <llmtrace/metrics.h>
#include <llmtrace/otlp_exporter.h>

#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/src/json_value.h"
#include "tests/support/scoped_environment.h"
#include "tests/support/transport_fixture.h"

namespace llmtrace::tests {

/// Everything that "resource...", "scope..." and the items' key hold in a body, in order.
inline std::vector<JsonValue> items_of(const std::string& body, const char* resources,
                                       const char* scopes, const char* items) {
  std::vector<JsonValue> all;
  const auto request = JsonValue::parse(body);
  EXPECT_TRUE(request) << body;
  if (!request) return all;
  for (const JsonValue& resource : (*request)[resources].elements()) {
    for (const JsonValue& scope : resource[scopes].elements()) {
      for (const JsonValue& item : scope[items].elements()) all.push_back(item);
    }
  }
  return all;
}

inline std::vector<JsonValue> log_records_of(const std::string& body) {
  return items_of(body, "resourceLogs", "scopeLogs", "logRecords");
}
inline std::vector<JsonValue> metrics_of(const std::string& body) {
  return items_of(body, "resourceMetrics", "scopeMetrics", "metrics");
}

/// The attributes as JSON text of their values: {"key", "{\"stringValue\":...}"}.
inline std::map<std::string, std::string> attributes_of(const JsonValue& item) {
  std::map<std::string, std::string> all;
  for (const JsonValue& attribute : item["attributes"].elements()) {
    const auto [place, is_new] =
        all.emplace(attribute["key"].as_string(), attribute["value"].to_text());
    EXPECT_TRUE(is_new) << place->first << " stands there twice";
  }
  return all;
}

inline std::string string_value(std::string_view text) {
  return "{\"stringValue\":\"" + std::string(text) + "\"}";
}

class SignalsTest : public TransportTest {
 protected:
  static constexpr const char* kTraces = "http://127.0.0.1:4318/v1/traces";
  static constexpr const char* kLogs = "http://127.0.0.1:4318/v1/logs";
  static constexpr const char* kMetrics = "http://127.0.0.1:4318/v1/metrics";

  OtlpConfig config() {
    OtlpConfig config;
    config.endpoint = "http://127.0.0.1:4318";
    config.protocol = OtlpProtocol::HttpJson;
    config.transport = make_transport();
    return config;
  }

  /// A logger whose lines go to `sink` and to `exporter`.
  Logger logger_to(OtlpExporter& exporter) {
    Logger logger({.name = "api", .level = LogLevel::Debug, .sink = sink, .clock = clock});
    logger.export_to(exporter.log_exporter());
    return logger;
  }

  /// A flush whose delays pass as fast as they are asked for.
  bool flush_in_fake_time(OtlpExporter& exporter) {
    auto result =
        std::async(std::launch::async, [&] { return exporter.flush(std::chrono::hours(24)); });
    while (result.wait_for(seconds(0)) != std::future_status::ready) {
      if (http->wait_idle(seconds(1))) http->advance_to_next_deadline(std::chrono::hours(1));
    }
    return result.get();
  }

  std::vector<FakeHttpClient::Request> requests_to(std::string_view url) const {
    std::vector<FakeHttpClient::Request> all;
    for (const auto& request : http->requests()) {
      if (request.url == url) all.push_back(request);
    }
    return all;
  }
  std::vector<JsonValue> sent_logs() const {
    std::vector<JsonValue> all;
    for (const auto& request : requests_to(kLogs)) {
      for (JsonValue& record : log_records_of(request.body)) all.push_back(std::move(record));
    }
    return all;
  }
  /// The metrics of the newest request, by name.
  std::map<std::string, JsonValue> sent_metrics() const {
    std::map<std::string, JsonValue> all;
    const auto requests = requests_to(kMetrics);
    if (requests.empty()) return all;
    for (JsonValue& metric : metrics_of(requests.back().body)) {
      const std::string name = metric["name"].as_string();
      EXPECT_TRUE(all.emplace(name, std::move(metric)).second) << name << " is there twice";
    }
    return all;
  }

  std::shared_ptr<RecordingLogSink> sink = std::make_shared<RecordingLogSink>();

 private:
  // What the machine's environment says of a backend is not to reach the tests.
  struct CleanEnvironment : ScopedEnvironment {
    CleanEnvironment() {
      for (const char* name :
           {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "OTEL_METRIC_EXPORT_INTERVAL", "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
            "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER", "OTEL_SDK_DISABLED"}) {
        unset(name);
      }
    }
  } clean_environment_;
};

}  // namespace llmtrace::tests
