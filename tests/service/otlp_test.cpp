// The service with OTEL_EXPORTER_OTLP_ENDPOINT alone: its traces and its log, by the same ids, at
// an OpenTelemetry backend, which is told its metrics too.
#include "tests/service/service_fixture.h"

namespace service::testing {
namespace {

TEST_F(ServiceTest, SendsTracesLogsAndMetricsToAnOpenTelemetryBackend) {
  model_.emplace(std::vector<std::string>{STAND_IN_PROGRAM}, Variables{});
  service_.emplace(std::vector<std::string>{SERVICE_PROGRAM, "--log", directory_ / "log.jsonl"},
                   Variables{{"OTEL_EXPORTER_OTLP_ENDPOINT", collector_.collector.url()},
                             {"OPENAI_BASE_URL", model_->url()},
                             {"OPENAI_MODEL", "stand-in"}});
  ::testing::internal::CaptureStderr();
  const Reply reply = complete(R"({"prompt":"What is a span?"})", {"X-Request-Id: order-17"});
  ASSERT_EQ(reply.status, 200) << reply.body;
  const std::string trace_id = reply.json()["trace_id"].as_string();
  end();
  const std::string told = ::testing::internal::GetCapturedStderr();

  const JsonValue trace = collector_.client.get("/api/traces/" + trace_id).json();
  EXPECT_NE(trace.to_text().find("chat stand-in"), std::string::npos);
  const JsonValue line = log_line("request_id", "order-17");
  const auto logs =
      collector_.client.get("/api/traces/" + trace_id + "/logs").json()["logs"].elements();
  ASSERT_FALSE(logs.empty());
  const JsonValue& record = logs.back();
  EXPECT_EQ(record["body"].as_string(), "request");
  EXPECT_EQ(record["node_id"].as_string(), line["span_id"].as_string());
  EXPECT_EQ(record["attributes"]["request_id"].as_string(), "order-17");
  EXPECT_EQ(record["attributes"]["status"].as_integer(), 200);
  EXPECT_NE(told.find("keeps no metrics"), std::string::npos) << "they came, and were discarded";
}

}  // namespace
}  // namespace service::testing
