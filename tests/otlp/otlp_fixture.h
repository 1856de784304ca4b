// What the tests of the OTLP exporter share: exporters on a fake clock and a fake backend, without
// a variable of the environment, and the spans that they sent, decoded.
#pragma once

#include <gtest/gtest.h>
#include <llmtrace/otlp_exporter.h>

#include <memory>
#include <string>
#include <vector>

#include "common/src/otlp_exporter/resolved_config.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/otlp_reader.h"
#include "tests/support/recording_log_sink.h"
#include "tests/support/scoped_environment.h"

namespace llmtrace::tests {

using std::chrono::milliseconds;
using std::chrono::seconds;

class OtlpTest : public ::testing::Test {
 protected:
  OtlpTest() {
    for (const VariableInfo& variable : otlp_variables()) environment.unset(variable.name);
    for (const char* signal : {"TRACES", "METRICS", "LOGS"}) {
      for (const char* what : {"HEADERS", "PROTOCOL", "COMPRESSION", "TIMEOUT", "CERTIFICATE",
                               "CLIENT_KEY", "CLIENT_CERTIFICATE"}) {
        environment.unset(std::string("OTEL_EXPORTER_OTLP_") + signal + "_" + what);
      }
    }
  }

  /// At the fake backend, without compression, so that bodies can be read.
  OtlpConfig config() {
    OtlpConfig config;
    config.endpoint = "https://otlp.test";
    config.compression = OtlpCompression::None;
    config.transport = transport;
    return config;
  }

  /// All spans that were sent, whatever the request.
  ReadExport spans() const {
    ReadExport all;
    for (const auto& request : http->requests()) {
      if (request.url != "https://otlp.test/v1/traces") continue;
      const bool json = request.header("Content-Type") == "application/json";
      ReadExport one = json ? read_otlp_json(request.body) : read_otlp_protobuf(request.body);
      all.resource = one.resource;
      all.scope_name = one.scope_name;
      all.scope_version = one.scope_version;
      all.spans.insert(all.spans.end(), one.spans.begin(), one.spans.end());
    }
    return all;
  }

  ScopedEnvironment environment;
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<FakeHttpClient> http = std::make_shared<FakeHttpClient>(clock);
  std::shared_ptr<RecordingLogSink> log = std::make_shared<RecordingLogSink>();
  std::vector<DeliveryError> errors;  // read when all is settled
  std::shared_ptr<Transport> transport = Transport::create(
      {.http_client = http,
       .clock = clock,
       .log_sink = log,
       .id_seed = 7,
       .on_error = [this](const DeliveryError& error) { errors.push_back(error); }});
};

}  // namespace llmtrace::tests
