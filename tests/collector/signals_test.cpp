// POST /v1/logs and /v1/metrics: what is stored, what is discarded, and what the sender is told.
#include <gtest/gtest.h>

#include <protozero/pbf_writer.hpp>

#include "common/src/compression.h"
#include "tests/collector/otlp_bodies.h"
#include "tests/collector/running_collector.h"
#include "tests/collector/viewer_client.h"

namespace llmtrace::collector::testing {
namespace {

using protozero::pbf_writer;

constexpr const char* kProtobuf = "Content-Type: application/x-protobuf";
constexpr const char* kJson = "Content-Type: application/json";

const std::string kRecord =
    R"({"timeUnixNano":"1700000000123456789","severityNumber":17,"severityText":"error",)"
    R"("body":{"stringValue":"no route"},"attributes":[{"key":"model","value":)"
    R"({"stringValue":"m"}},{"key":"tokens","value":{"intValue":"42"}}],)"
    R"("traceId":"0123456789abcdef0123456789abcdef","spanId":"00000000000000a1"})";

std::string logs_body(const std::string& records) {
  return R"({"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":)"
         R"({"stringValue":"api"}}]},"scopeLogs":[{"scope":{"name":"llmtrace"},"logRecords":[)" +
         records + "]}]}]}";
}

// The same record in protobuf.
std::string protobuf_logs_body() {
  std::string record;
  {
    pbf_writer fields(record);
    fields.add_fixed64(1, 1'700'000'000'123'456'789);
    fields.add_enum(2, 17);
    fields.add_string(3, "error");
    {
      pbf_writer body(fields, 5);
      body.add_string(1, "no route");
    }
    for (const bool is_model : {true, false}) {
      pbf_writer attribute(fields, 6);
      attribute.add_string(1, is_model ? "model" : "tokens");
      pbf_writer value(attribute, 2);
      if (is_model) {
        value.add_string(1, "m");
      } else {
        value.add_int64(3, 42);
      }
    }
    fields.add_bytes(9, from_hex(kTraceId));
    fields.add_bytes(10, from_hex(kSpanId));
  }
  std::string request;
  pbf_writer outer(request);
  pbf_writer resource_logs(outer, 1);
  {
    // The scope's records come first: the order of fields is free.
    pbf_writer scope_logs(resource_logs, 2);
    scope_logs.add_message(2, record);
    pbf_writer scope(scope_logs, 1);
    scope.add_string(1, "llmtrace");
  }
  pbf_writer resource(resource_logs, 1);
  pbf_writer attribute(resource, 1);
  attribute.add_string(1, "service.name");
  pbf_writer value(attribute, 2);
  value.add_string(1, "api");
  return request;
}

Reply post(const RunningCollector& server, const std::string& path, const std::string& body,
           std::vector<std::string> headers) {
  return server.client.send(
      {.method = "POST", .path = path, .body = body, .headers = std::move(headers), .keys = ""});
}

std::vector<JsonValue> logs_of(const RunningCollector& server, const std::string& trace) {
  return server.client.get("/api/traces/" + trace + "/logs").json()["logs"].elements();
}

void expect_is_the_record(const std::vector<JsonValue>& logs) {
  ASSERT_EQ(logs.size(), 1U);
  const JsonValue& log = logs.front();
  EXPECT_EQ(log["time"].as_string(), "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(log["node_id"].as_string(), kSpanId);
  EXPECT_EQ(log["severity_number"].as_integer(), 17);
  EXPECT_EQ(log["severity"].as_string(), "error");
  EXPECT_EQ(log["body"].as_string(), "no route");
  EXPECT_EQ(log["attributes"]["model"].as_string(), "m");
  EXPECT_EQ(log["attributes"]["tokens"].as_integer(), 42);
  EXPECT_EQ(log["resource"]["service.name"].as_string(), "api");
  EXPECT_EQ(log["scope"].as_string(), "llmtrace");
}

TEST(OtlpLogs, AreStoredWithTheirSpans) {
  const RunningCollector server;

  const Reply reply = post(server, "/v1/logs", logs_body(kRecord), {kJson});

  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "{}");
  expect_is_the_record(logs_of(server, kTraceId));
  EXPECT_TRUE(logs_of(server, std::string(32, 'b')).empty());
}

TEST(OtlpLogs, AreShownWithTheirNode) {
  const RunningCollector server;
  store_spans(server, {.spans = {{}, {.span_id = "00000000000000a2"}}});
  post(server, "/v1/logs", logs_body(kRecord), {kJson});

  expect_is_the_record(node_of(server)["logs"].elements());
  EXPECT_EQ(node_of(server)["logs"].elements().at(0)["offset_ms"].as_double(), 0);
  EXPECT_TRUE(node_of(server, "00000000000000a2")["logs"].elements().empty());
  const JsonValue trace = api(server, std::string("/api/traces/") + kTraceId);
  EXPECT_EQ(trace["logs_count"].as_integer(), 1);
}

std::string event_record(const std::string& name, const std::string& body) {
  return R"({"timeUnixNano":"1700000000123456789","eventName":")" + name + R"(","body":)" + body +
         R"(,"traceId":")" + kTraceId + R"(","spanId":")" + kSpanId + R"("})";
}

// How OpenTelemetry's instrumentations send content: log records beside the span, not attributes.
TEST(OtlpLogs, MessagesOfACallAreItsNodesInputAndOutput) {
  const RunningCollector server;
  store_spans(server,
              {.spans = {{.attributes = {{"gen_ai.operation.name", std::string("chat")}}}}});
  post(server, "/v1/logs",
       logs_body(event_record("gen_ai.user.message",
                              R"({"kvlistValue":{"values":[{"key":"content","value":)"
                              R"({"stringValue":"Hi"}}]}})") +
                 "," +
                 event_record("gen_ai.choice",
                              R"({"kvlistValue":{"values":[{"key":"finish_reason","value":)"
                              R"({"stringValue":"stop"}},{"key":"message","value":{"kvlistValue":)"
                              R"({"values":[{"key":"role","value":{"stringValue":"assistant"}},)"
                              R"({"key":"content","value":{"stringValue":"Hello"}}]}}}]}})")),
       {kJson});

  const JsonValue node = node_of(server);
  EXPECT_EQ(node["input"].to_text(), R"([{"role":"user","content":"Hi"}])");
  EXPECT_EQ(node["output"].to_text(), R"([{"role":"assistant","content":"Hello"}])");
  EXPECT_TRUE(node["events"].elements().empty()) << "they are lines, and shown as such";
  ASSERT_EQ(node["logs"].elements().size(), 2U);
  EXPECT_EQ(node["logs"].elements()[0]["body"]["content"].as_string(), "Hi");
}

TEST(OtlpLogs, ChangeTheirTrace) {
  const RunningCollector server;
  store_spans(server, {.spans = {{}}});
  const auto updated = [&] {
    return api(server, std::string("/api/traces/") + kTraceId)["trace"]["updated_time"].as_string();
  };
  const std::string before = updated();
  post(server, "/v1/logs", logs_body(kRecord), {kJson});
  EXPECT_GT(updated(), before);
}

TEST(OtlpLogs, ThePromptIsFoundBeneathAThousandLines) {
  const RunningCollector server;
  store_spans(server,
              {.spans = {{.attributes = {{"gen_ai.operation.name", std::string("chat")}}}}});
  std::string records = event_record("gen_ai.user.message", R"({"stringValue":"Hi"})");
  for (int i = 0; i < 1500; ++i) records += "," + kRecord;
  post(server, "/v1/logs", logs_body(records), {kJson});

  EXPECT_EQ(node_of(server)["input"].to_text(), R"([{"role":"user","content":"Hi"}])");
}

TEST(OtlpLogs, TheDetailsOfAnInferenceAreItsNodesContent) {
  const RunningCollector server;
  store_spans(server,
              {.spans = {{.attributes = {{"gen_ai.operation.name", std::string("chat")}}}}});
  const std::string record =
      R"({"timeUnixNano":"1700000000123456789","traceId":")" + std::string(kTraceId) +
      R"(","spanId":")" + kSpanId +
      R"(","attributes":[{"key":"event.name","value":{"stringValue":)"
      R"("gen_ai.client.inference.operation.details"}},{"key":"gen_ai.output.messages",)"
      R"("value":{"stringValue":"[{\"role\":\"assistant\",\"parts\":[]}]"}}]})";
  post(server, "/v1/logs", logs_body(record), {kJson});

  EXPECT_EQ(node_of(server)["output"].to_text(), R"([{"role":"assistant","parts":[]}])");
}

TEST(OtlpLogs, ProtobufSaysTheSame) {
  const RunningCollector server;

  const Reply reply = post(server, "/v1/logs", protobuf_logs_body(), {kProtobuf});

  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(reply.content_type, "application/x-protobuf");
  expect_is_the_record(logs_of(server, kTraceId));
}

TEST(OtlpLogs, GzipIsUnpacked) {
  const RunningCollector server;

  const Reply reply =
      post(server, "/v1/logs", gzip(protobuf_logs_body()), {kProtobuf, "Content-Encoding: gzip"});

  EXPECT_EQ(reply.status, 200);
  expect_is_the_record(logs_of(server, kTraceId));
}

TEST(OtlpLogs, ComeBackInTheOrderOfTheirTimes) {
  const RunningCollector server;
  std::string records;
  for (const char* time : {"3", "1", "2"}) {
    records.append(records.empty() ? "" : ",").append(R"({"timeUnixNano":")").append(time);
    records.append(R"(000000000","body":{"stringValue":")").append(time);
    records.append(R"("},"traceId":"0123456789ABCDEF0123456789ABCDEF"})");
  }
  ASSERT_EQ(post(server, "/v1/logs", logs_body(records), {kJson}).status, 200);

  const auto logs = logs_of(server, kTraceId);
  ASSERT_EQ(logs.size(), 3U);
  EXPECT_EQ(logs[0]["body"].as_string(), "1");
  EXPECT_EQ(logs[2]["body"].as_string(), "3");
}

TEST(OtlpLogs, ARecordWithoutATraceIsKept) {
  const RunningCollector server;
  const std::string record = R"({"body":{"stringValue":"x"},"traceId":"abc","spanId":"zz"})";

  EXPECT_EQ(post(server, "/v1/logs", logs_body(record), {kJson}).status, 200);
}

TEST(OtlpLogs, WhatIsNoExportIsRefused) {
  const RunningCollector server;

  EXPECT_EQ(post(server, "/v1/logs", "{", {kJson}).status, 400);
  EXPECT_EQ(post(server, "/v1/logs", R"({"resourceLogs":{}})", {kJson}).status, 400);
  EXPECT_EQ(post(server, "/v1/logs", R"({"resourceLogs":[1]})", {kJson}).status, 400);
  EXPECT_EQ(post(server, "/v1/logs", "\xff\xff", {kProtobuf}).status, 400);
  EXPECT_EQ(post(server, "/v1/logs", "{}", {"Content-Type: text/plain"}).status, 415);
}

TEST(OtlpLogs, AnEvaluationIsAScore) {
  const RunningCollector server;
  const std::string event =
      R"({"timeUnixNano":"1700000000000000000","eventName":"gen_ai.evaluation.result",)"
      R"("traceId":"0123456789abcdef0123456789abcdef","spanId":"00000000000000a1",)"
      R"("attributes":[{"key":"gen_ai.evaluation.name","value":{"stringValue":"grounded"}},)"
      R"({"key":"gen_ai.evaluation.score.value","value":{"doubleValue":0.5}},)"
      R"({"key":"gen_ai.evaluation.explanation","value":{"stringValue":"half of it"}},)"
      R"({"key":"llmtrace.score.id","value":{"stringValue":"s-1"}}]})";
  for (int i = 0; i < 2; ++i) {  // sent again after a cut connection
    ASSERT_EQ(post(server, "/v1/logs", logs_body(event), {kJson}).status, 200);
  }

  const JsonValue scores = server.scores("traceId=" + std::string(kTraceId));
  ASSERT_EQ(scores.elements().size(), 1U);
  const JsonValue& score = scores.elements().front();
  EXPECT_EQ(score["id"].as_string(), "s-1");
  EXPECT_EQ(score["name"].as_string(), "grounded");
  EXPECT_EQ(score["value"].as_double(), 0.5);
  EXPECT_EQ(score["comment"].as_string(), "half of it");
}

TEST(OtlpLogs, AnEvaluationOfNothingIsOnlyALine) {
  const RunningCollector server;
  const std::string event =
      R"({"eventName":"gen_ai.evaluation.result","attributes":[{"key":"gen_ai.evaluation.name",)"
      R"("value":{"stringValue":"x"}}]})";

  EXPECT_EQ(post(server, "/v1/logs", logs_body(event), {kJson}).status, 200);
  EXPECT_TRUE(server.scores("name=x").elements().empty());
}

constexpr const char* kTwoPoints =
    R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a","sum":{"dataPoints":[{}]}},)"
    R"({"name":"b","histogram":{"dataPoints":[{}]}}]}]}]})";

TEST(OtlpMetrics, AreDiscardedAndTheSenderIsTold) {
  const RunningCollector server;
  ::testing::internal::CaptureStderr();

  const Reply first = post(server, "/v1/metrics", kTwoPoints, {kJson});
  const Reply second = post(server, "/v1/metrics", kTwoPoints, {kJson});

  const std::string told = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(first.status, 200);
  const JsonValue partial = first.json()["partialSuccess"];
  EXPECT_EQ(partial.find("rejectedDataPoints"), nullptr) << "nothing is to be sent again";
  EXPECT_EQ(partial["errorMessage"].as_string(),
            "llmtrace-collector keeps no metrics: 2 data points were discarded");
  EXPECT_EQ(second.status, 200);
  const std::size_t line = told.find("it keeps no metrics");
  ASSERT_NE(line, std::string::npos);
  EXPECT_EQ(told.find("it keeps no metrics", line + 1), std::string::npos) << "once";
}

TEST(OtlpMetrics, ProtobufIsCountedToo) {
  const RunningCollector server;
  std::string request;
  {
    pbf_writer outer(request);
    pbf_writer resource_metrics(outer, 1);
    pbf_writer scope_metrics(resource_metrics, 2);
    for (const protozero::pbf_tag_type data : {5U, 7U, 9U, 10U, 11U}) {
      pbf_writer metric(scope_metrics, 2);
      pbf_writer points(metric, data);
      points.add_message(1, std::string());
    }
  }

  const Reply reply =
      post(server, "/v1/metrics", gzip(request), {kProtobuf, "Content-Encoding: gzip"});

  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.content_type, "application/x-protobuf");
  EXPECT_NE(reply.body.find("5 data points were discarded"), std::string::npos);
}

TEST(OtlpMetrics, WhatIsNoExportIsRefused) {
  const RunningCollector server;

  EXPECT_EQ(post(server, "/v1/metrics", "[", {kJson}).status, 400);
  EXPECT_EQ(post(server, "/v1/metrics", "\x0a\xff", {kProtobuf}).status, 400);
  EXPECT_EQ(post(server, "/v1/metrics", "{}", {"Content-Type: text/plain"}).status, 415);
  EXPECT_EQ(post(server, "/v1/metrics", "{}", {kJson}).body, "{}");
}

}  // namespace
}  // namespace llmtrace::collector::testing
