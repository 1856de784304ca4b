// What the tests of the Langfuse module share: clients on a fake clock and a fake server, and the
// requests that they made, decoded.
#pragma once

#include <gtest/gtest.h>
#include <langfuse/client.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "langfuse/src/resolved_config.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/otlp_reader.h"
#include "tests/support/recording_log_sink.h"
#include "tests/support/scoped_environment.h"

namespace langfuse::testing {

using namespace llmtrace::tests;  // NOLINT(google-build-using-namespace): the support library
using llmtrace::JsonValue;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// The 207 of the ingestion route: each event is a success but those for which `refusal` has a
/// status.
inline llmtrace::HttpReply ingestion_reply(
    const FakeHttpClient::Request& request,
    const std::function<int(const JsonValue& event)>& refusal = [](const JsonValue&) {
      return 0;
    }) {
  std::string successes;
  std::string errors;
  const auto body = JsonValue::parse(request.body);
  for (const JsonValue& event : (*body)["batch"].elements()) {
    const int status = refusal(event);
    std::string& list = status == 0 ? successes : errors;
    list += list.empty() ? "" : ",";
    list += R"({"id":")" + event["id"].as_string() + R"(","status":)" +
            std::to_string(status == 0 ? 201 : status) +
            (status == 0 ? "}" : R"(,"message":"verdict","error":"Invalid request data"})");
  }
  return reply_with(207, R"({"successes":[)" + successes + R"(],"errors":[)" + errors + "]}");
}

class LangfuseTest : public ::testing::Test {
 protected:
  LangfuseTest() {
    for (const llmtrace::VariableInfo& variable : variables()) environment.unset(variable.name);
    for (const char* name :
         {"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION",
          "RENDER_GIT_COMMIT", "CI_COMMIT_SHA", "CIRCLE_SHA1", "SOURCE_VERSION", "TRAVIS_COMMIT",
          "GIT_COMMIT", "GITHUB_SHA", "BITBUCKET_COMMIT", "BUILD_SOURCEVERSION",
          "DRONE_COMMIT_SHA"}) {
      environment.unset(name);
    }
  }

  /// Keys, the fake transport, and no compression, so that bodies can be read.
  Config config() {
    Config config;
    config.public_key = "pk-lf-1234";
    config.secret_key = "sk-lf-canary-5678";
    config.base_url = "https://langfuse.test";
    config.compression = Compression::None;
    config.transport = transport;
    return config;
  }

  std::vector<FakeHttpClient::Request> requests_to(std::string_view path) const {
    std::vector<FakeHttpClient::Request> found;
    for (auto& request : http->requests()) {
      if (request.url == "https://langfuse.test" + std::string(path)) found.push_back(request);
    }
    return found;
  }
  /// All spans that were sent, whatever the request.
  ReadExport spans() const {
    ReadExport all;
    for (const auto& request : requests_to("/api/public/otel/v1/traces")) {
      const bool json = request.header("Content-Type") == "application/json";
      ReadExport one = json ? read_otlp_json(request.body) : read_otlp_protobuf(request.body);
      all.resource = one.resource;
      all.scope_name = one.scope_name;
      all.scope_version = one.scope_version;
      all.spans.insert(all.spans.end(), one.spans.begin(), one.spans.end());
    }
    return all;
  }
  static JsonValue parsed(const std::string& body) {
    const auto value = JsonValue::parse(body);
    EXPECT_TRUE(value) << body;
    return value.value_or(JsonValue());
  }

  ScopedEnvironment environment;
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<FakeHttpClient> http = std::make_shared<FakeHttpClient>(clock);
  std::shared_ptr<RecordingLogSink> log = std::make_shared<RecordingLogSink>();
  std::vector<llmtrace::DeliveryError> errors;  // read when all is settled
  std::shared_ptr<llmtrace::Transport> transport = llmtrace::Transport::create(
      {.http_client = http,
       .clock = clock,
       .log_sink = log,
       .id_seed = 7,
       .on_error = [this](const llmtrace::DeliveryError& error) { errors.push_back(error); }});
};

}  // namespace langfuse::testing
