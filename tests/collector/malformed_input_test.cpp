// Broken bodies are answered with a 400 that says what is wrong, and the server goes on.
#include <gtest/gtest.h>

#include "common/src/compression.h"
#include "tests/collector/otlp_bodies.h"
#include "tests/collector/running_collector.h"

namespace llmtrace::collector::testing {
namespace {

Reply post(const RunningCollector& server, const std::string& body, const std::string& type,
           const std::string& encoding = "identity") {
  return server.client.send(
      {.method = "POST",
       .path = kOtlpPath,
       .body = body,
       .headers = {"Content-Type: " + type, "Content-Encoding: " + encoding}});
}

Reply post_protobuf(const RunningCollector& server, const std::string& body) {
  return post(server, body, "application/x-protobuf");
}

void expect_refused(const Reply& reply) {
  EXPECT_EQ(reply.status, 400);
  EXPECT_FALSE(reply.json()["error"].as_string().empty());
}

Export rich_export() {
  return {.spans = {{.parent_id = "00000000000000ff",
                     .attributes = {{"s", std::string("text")},
                                    {"b", true},
                                    {"i", std::int64_t{-5}},
                                    {"d", 0.5},
                                    {"a", std::vector<std::string>{"x", "y"}}},
                     .status_code = 2,
                     .status_message = "failed"}},
          .resource = {{"service.name", std::string("test")}}};
}

TEST(MalformedInput, AProtobufCutAnywhereIsRefused) {
  const RunningCollector server;
  const std::string body = protobuf_body(rich_export());

  for (std::size_t size = 1; size < body.size(); ++size) {
    const Reply reply = post_protobuf(server, body.substr(0, size));
    ASSERT_EQ(reply.status, 400) << "cut at " << size;
    ASSERT_FALSE(reply.json()["error"].as_string().empty());
  }
  EXPECT_TRUE(server.observations(kTraceId).elements().empty());
  EXPECT_EQ(post_protobuf(server, body).status, 200);
}

TEST(MalformedInput, AProtobufWithAnyByteChangedNeverHarms) {
  const RunningCollector server;
  const std::string body = protobuf_body(rich_export());

  for (std::size_t i = 0; i < body.size(); ++i) {
    for (const char mask : {'\x01', '\x07', '\x80', '\xff'}) {
      std::string changed = body;
      changed[i] = static_cast<char>(changed[i] ^ mask);
      const Reply reply = post_protobuf(server, changed);
      ASSERT_TRUE(reply.status == 200 || reply.status == 400) << "byte " << i;
      ASSERT_TRUE(reply.json().is_object());
    }
  }
  EXPECT_EQ(post_protobuf(server, body).status, 200);
}

TEST(MalformedInput, AJsonCutAnywhereIsRefused) {
  const RunningCollector server;
  const std::string body = json_body({.spans = {Span{}}});

  for (std::size_t size = 0; size < body.size(); ++size) {
    const Reply reply = post(server, body.substr(0, size), "application/json");
    ASSERT_EQ(reply.status, 400) << "cut at " << size;
    ASSERT_FALSE(reply.json()["error"].as_string().empty());
  }
}

TEST(MalformedInput, AGzipCutAnywhereIsRefused) {
  const RunningCollector server;
  const std::string body = gzip(protobuf_body({.spans = {Span{}}}));

  for (std::size_t size = 0; size < body.size(); ++size) {
    const Reply reply = post(server, body.substr(0, size), "application/x-protobuf", "gzip");
    ASSERT_EQ(reply.status, 400) << "cut at " << size;
  }
}

TEST(MalformedInput, AGzipWithRubbishBehindItIsRefused) {
  const RunningCollector server;

  expect_refused(post(server, gzip(protobuf_body({.spans = {Span{}}})) + "rubbish",
                      "application/x-protobuf", "gzip"));
}

TEST(MalformedInput, AGzipOfTwoMembersIsRead) {
  const RunningCollector server;
  const std::string body = protobuf_body({.spans = {Span{}}});

  const Reply reply = post(server, gzip(body.substr(0, 20)) + gzip(body.substr(20)),
                           "application/x-protobuf", "gzip");

  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(server.observation(kTraceId).is_object());
}

TEST(MalformedInput, PlainBytesCalledGzipAreRefused) {
  const RunningCollector server;

  expect_refused(
      post(server, protobuf_body({.spans = {Span{}}}), "application/x-protobuf", "gzip"));
}

TEST(MalformedInput, NestingIsBounded) {
  const RunningCollector server;

  EXPECT_EQ(post_protobuf(server, deep_protobuf_body(2'000)).status, 200);
  const JsonValue deep = server.observation(kTraceId)["metadata"]["attributes"]["deep"];
  EXPECT_NE(deep.to_text().find("<nested too deep>"), std::string::npos);
  expect_refused(post(server, std::string(500'000, '['), "application/json"));
  expect_refused(post(server,
                      R"({"resourceSpans":)" + std::string(65, '[') + std::string(65, ']') + "}",
                      "application/json"));
}

TEST(MalformedInput, ModerateNestingIsKept) {
  const RunningCollector server;

  EXPECT_EQ(post_protobuf(server, deep_protobuf_body(8)).status, 200);

  const JsonValue deep = server.observation(kTraceId)["metadata"]["attributes"]["deep"];
  EXPECT_EQ(deep.to_text(), R"([[[[[[[["core"]]]]]]]])");
}

TEST(MalformedInput, InvalidUtf8IsRepaired) {
  const RunningCollector server;
  const Span span{.name = "bad \xff name",
                  .attributes = {{"langfuse.observation.input", std::string("a\xC3(\x80z")}}};

  EXPECT_EQ(post_protobuf(server, protobuf_body({.spans = {span}})).status, 200);

  const JsonValue row = server.observation(kTraceId);
  EXPECT_EQ(row["name"].as_string(), "bad \xEF\xBF\xBD name");
  EXPECT_EQ(row["input"].as_string(), "a\xEF\xBF\xBD(\xEF\xBF\xBDz");
}

TEST(MalformedInput, AZeroByteInAStringIsKept) {
  const RunningCollector server;
  const std::string input("a\0b", 3);

  post_protobuf(
      server, protobuf_body({.spans = {{.attributes = {{"langfuse.observation.input", input}}}}}));

  EXPECT_EQ(server.observation(kTraceId)["input"].as_string(), input);
}

TEST(MalformedInput, AttributesOfTheWrongShapeAreLeftOut) {
  const RunningCollector server;
  const Span span{.attributes = {{"langfuse.observation.usage_details", std::string("[1,")},
                                 {"langfuse.observation.cost_details", std::string("7")},
                                 {"langfuse.observation.model.parameters", std::string("x")},
                                 {"langfuse.observation.completion_start_time", std::string("now")},
                                 {"langfuse.observation.level", std::string("LOUD")}}};

  EXPECT_EQ(post_protobuf(server, protobuf_body({.spans = {span}})).status, 200);

  const JsonValue row = server.observation(kTraceId);
  EXPECT_TRUE(row["usageDetails"].members().empty());
  EXPECT_TRUE(row["costDetails"].members().empty());
  EXPECT_TRUE(row["completionStartTime"].is_null());
  EXPECT_EQ(row["level"].as_string(), "DEFAULT");
}

TEST(MalformedInput, TimesBeyondReasonAreClamped) {
  const RunningCollector server;

  EXPECT_EQ(
      post_protobuf(server, protobuf_body({.spans = {{.start = ~0ULL, .end = ~0ULL}}})).status,
      200);

  EXPECT_EQ(server.observation(kTraceId)["startTime"].as_string().substr(0, 5), "2262-");
}

TEST(MalformedInput, WrongJsonTypesInsideASpanAreSurvived) {
  const RunningCollector server;
  const std::string spans =
      std::string(R"([{"traceId":")") + kTraceId + R"(","spanId":")" + kSpanId +
      R"(","name":[1],"startTimeUnixNano":{},"endTimeUnixNano":-1,"status":7,)"
      R"("attributes":[{"key":1,"value":2},{"key":"k","value":{"intValue":"abc"}},)"
      R"({"key":"l","value":{"arrayValue":{"values":7}}},{}]}])";

  const Reply reply =
      post(server, R"({"resourceSpans":[{"scopeSpans":[{"spans":)" + spans + "}]}]}",
           "application/json");

  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(server.observation(kTraceId)["name"].as_string(), "");
}

TEST(MalformedInput, RubbishInsteadOfHttpIsRefused) {
  const RunningCollector server;
  for (const char* bytes :
       {"\r\n\r\n\r\n", "\x16\x03\x01\x02", "GET\r\n\r\n", "POST / HTTP/9.9\r\n\r\n"}) {
    const std::string reply = send_raw(server.collector.port(), std::string(bytes) + "\r\n\r\n");
    EXPECT_EQ(reply.find(" 200 "), std::string::npos);
  }
  EXPECT_EQ(server.client.get("/api/public/health").status, 200);
}

}  // namespace
}  // namespace llmtrace::collector::testing
