// POST /api/public/otel/v1/traces: what is accepted and what is refused.
#include <gtest/gtest.h>

#include "common/src/compression.h"
#include "tests/collector/otlp_bodies.h"
#include "tests/collector/running_collector.h"

namespace llmtrace::collector::testing {
namespace {

constexpr const char* kProtobuf = "Content-Type: application/x-protobuf";
constexpr const char* kJson = "Content-Type: application/json";

Reply post(const RunningCollector& server, const std::string& body,
           std::vector<std::string> headers) {
  return server.client.send(
      {.method = "POST", .path = kOtlpPath, .body = body, .headers = std::move(headers)});
}

Reply post_with_version(const std::string& version) {
  const RunningCollector server;
  return post(server, protobuf_body({.spans = {Span{}}}),
              {kProtobuf, "x-langfuse-ingestion-version: " + version});
}

Reply post_spans(const RunningCollector& server, std::vector<Span> spans) {
  return post(server, json_body({.spans = std::move(spans)}), {kJson});
}

TEST(Otlp, StoresProtobuf) {
  const RunningCollector server;

  const Reply reply = post(server, protobuf_body({.spans = {Span{}}}), {kProtobuf});

  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(server.observation(kTraceId)["id"].as_string(), kSpanId);
}

TEST(Otlp, StoresJson) {
  const RunningCollector server;

  const Reply reply = post_spans(server, {Span{}});

  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(server.observation(kTraceId)["id"].as_string(), kSpanId);
}

TEST(Otlp, StoresGzippedProtobufAndJson) {
  const RunningCollector server;
  const std::string gzip_header = "Content-Encoding: gzip";
  const Span other{.span_id = "00000000000000a2"};

  const Reply first =
      post(server, gzip(protobuf_body({.spans = {Span{}}})), {kProtobuf, gzip_header});
  const Reply second = post(server, gzip(json_body({.spans = {other}})), {kJson, gzip_header});

  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(server.observations(kTraceId).elements().size(), 2U);
}

TEST(Otlp, ProtobufAndJsonReadBackTheSame) {
  const RunningCollector protobuf_server;
  const RunningCollector json_server;
  const Export data{
      .spans = {{.parent_id = "00000000000000ff",
                 .attributes = {{"langfuse.observation.input", std::string("q")},
                                {"langfuse.trace.tags", std::vector<std::string>{"a", "b"}},
                                {"flag", true},
                                {"count", std::int64_t{7}},
                                {"ratio", 0.5}},
                 .status_code = 2,
                 .status_message = "no"}},
      .resource = {{"service.version", std::string("3.1")}},
      .scope_name = "my-scope"};

  post(protobuf_server, protobuf_body(data), {kProtobuf});
  post(json_server, json_body(data), {kJson});

  const JsonValue from_protobuf = protobuf_server.observation(kTraceId);
  const JsonValue from_json = json_server.observation(kTraceId);
  ASSERT_TRUE(from_protobuf.is_object());
  for (const JsonValue::Member& member : from_protobuf.members()) {
    if (member.first == "createdAt" || member.first == "updatedAt") continue;
    EXPECT_EQ(member.second.to_text(), from_json[member.first].to_text()) << member.first;
  }
}

TEST(Otlp, AcceptsACharsetBehindTheContentType) {
  const RunningCollector server;

  const Reply reply = post(server, json_body({.spans = {Span{}}}),
                           {"Content-Type: application/json; charset=utf-8"});

  EXPECT_EQ(reply.status, 200);
}

TEST(Otlp, RefusesAnotherContentType) {
  const RunningCollector server;

  const Reply reply = post(server, json_body({.spans = {Span{}}}), {"Content-Type: text/plain"});

  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.json()["error"].as_string(), "Invalid content type");
  EXPECT_TRUE(server.observations(kTraceId).elements().empty());
}

TEST(Otlp, RefusesAMissingContentType) {
  const RunningCollector server;

  const Reply reply = post(server, json_body({.spans = {Span{}}}), {"Content-Type:"});

  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.json()["error"].as_string(), "Invalid content type");
}

TEST(Otlp, RefusesAnotherContentEncoding) {
  const RunningCollector server;

  const Reply reply =
      post(server, protobuf_body({.spans = {Span{}}}), {kProtobuf, "Content-Encoding: br"});

  EXPECT_EQ(reply.status, 400);
}

TEST(Otlp, AnswersTwoHundredToEmptyResourceSpans) {
  const RunningCollector server;

  for (const char* body : {"{}", R"({"resourceSpans":[]})"}) {
    const Reply reply = post(server, body, {kJson});
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "{}");
  }
  const Reply reply = post(server, "", {kProtobuf});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "{}");
}

TEST(Otlp, AnswersWithAJobAndNeverAnOtlpResponse) {
  const RunningCollector server;

  const Reply reply = post(server, protobuf_body({.spans = {Span{}}}), {kProtobuf});

  EXPECT_EQ(reply.content_type.substr(0, 16), "application/json");
  EXPECT_FALSE(reply.json()["name"].as_string().empty());
  EXPECT_EQ(reply.json().find("partialSuccess"), nullptr);
}

TEST(Otlp, AcceptsIngestionVersionFour) { EXPECT_EQ(post_with_version("4").status, 200); }

TEST(Otlp, RefusesAnIngestionVersionAboveFour) {
  EXPECT_EQ(post_with_version("5").status, 400);
  EXPECT_EQ(post_with_version("99").status, 400);
  EXPECT_EQ(post_with_version("4.1").status, 400);
  EXPECT_TRUE(post_with_version("99").json()["error"].is_string());
}

TEST(Otlp, RefusesAnIngestionVersionThatIsNoNumber) {
  EXPECT_EQ(post_with_version("four").status, 400);
  EXPECT_EQ(post_with_version("NaN").status, 400);
  EXPECT_EQ(post_with_version("4x").status, 400);
}

TEST(Otlp, ReadsTheUnderscoreSpellingOfTheVersionHeader) {
  const RunningCollector server;

  const Reply reply = post(server, protobuf_body({.spans = {Span{}}}),
                           {kProtobuf, "x_langfuse_ingestion_version: 99"});

  EXPECT_EQ(reply.status, 400);
}

TEST(Otlp, RejectsTheWholeExportForOneSpanWithoutIds) {
  const RunningCollector server;
  const Span no_trace{.trace_id = "", .span_id = "00000000000000b1"};
  const Span no_span{.span_id = ""};

  const Reply reply = post_spans(server, {Span{}, no_trace, no_span});

  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.json()["error"].as_string().substr(0, 12), "2 of 3 spans");
  EXPECT_TRUE(server.observations(kTraceId).elements().empty());
}

TEST(Otlp, RejectsUpperCaseIds) {
  const RunningCollector server;

  const Reply trace = post_spans(server, {{.trace_id = "0123456789ABCDEF0123456789ABCDEF"}});
  const Reply span = post_spans(server, {{.span_id = "00000000000000A1"}});

  EXPECT_EQ(trace.status, 400);
  EXPECT_EQ(span.status, 400);
}

TEST(Otlp, RejectsIdsThatAreNotHex) {
  const RunningCollector server;

  EXPECT_EQ(post_spans(server, {{.trace_id = "my-own-trace-id-that-is-32-chars"}}).status, 400);
  EXPECT_EQ(post_spans(server, {{.trace_id = std::string(kTraceId) + "0"}}).status, 400);
  EXPECT_EQ(post_spans(server, {{.span_id = "00000000-0000-a1"}}).status, 400);
}

TEST(Otlp, RejectsProtobufIdsOfAnotherLength) {
  const RunningCollector server;

  const Reply trace = post(server, protobuf_body({.spans = {{.trace_id = "abcd"}}}), {kProtobuf});
  const Reply span = post(server, protobuf_body({.spans = {{.span_id = "abcd"}}}), {kProtobuf});

  EXPECT_EQ(trace.status, 400);
  EXPECT_EQ(span.status, 400);
}

TEST(Otlp, RejectsWhatShouldBeAnArrayAndIsNot) {
  const RunningCollector server;
  const std::string ids =
      std::string(R"("traceId":")") + kTraceId + R"(","spanId":")" + kSpanId + R"(")";
  const std::vector<std::string> bodies = {
      R"({"resourceSpans":[{"scopeSpans":{}}]})",
      R"({"resourceSpans":[{"scopeSpans":[{"spans":"x"}]}]})",
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{)" + ids + R"(,"attributes":{}}]}]}]})",
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{)" + ids + R"(,"events":1}]}]}]})"};

  for (const std::string& body : bodies) {
    const Reply reply = post(server, body, {kJson});
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_TRUE(reply.json()["error"].is_string()) << body;
  }
  EXPECT_TRUE(server.observations(kTraceId).elements().empty());
}

TEST(Otlp, RefusesLogs) {
  // ExportLogsServiceRequest: a LogRecord has a fixed64 where a Span has its trace id.
  std::string span_like = "\x09" + std::string(8, '\1');
  const auto wrap = [](char tag, const std::string& inner) {
    return std::string{tag, static_cast<char>(inner.size())} + inner;
  };
  const RunningCollector server;

  const Reply reply =
      post(server, wrap('\x0a', wrap('\x12', wrap('\x12', span_like))), {kProtobuf});

  EXPECT_EQ(reply.status, 400);
}

TEST(Otlp, DiscardsMetrics) {
  const RunningCollector server;

  const Reply reply = server.client.post_json("/api/public/otel/v1/metrics", "{}");

  EXPECT_EQ(reply.status, 200);
}

TEST(Otlp, ReplacesASpanThatIsSentAgain) {
  const RunningCollector server;

  post_spans(server, {{.name = "first", .attributes = {{"user.id", std::string("u-1")}}}});
  post_spans(server, {{.name = "second"}});

  const JsonValue observation = server.observation(kTraceId);
  EXPECT_EQ(observation["name"].as_string(), "second");
  EXPECT_TRUE(observation["userId"].is_null());
}

TEST(Otlp, KeepsTimesInMilliseconds) {
  const RunningCollector server;

  post_spans(server, {Span{}});

  const JsonValue observation = server.observation(kTraceId);
  EXPECT_EQ(observation["startTime"].as_string(), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(observation["endTime"].as_string(), "2023-11-14T22:13:21.623Z");
  EXPECT_EQ(observation["latency"].as_double(), 1.5);
}

TEST(Otlp, TakesNanosecondsAsANumberToo) {
  const RunningCollector server;
  std::string body = json_body({.spans = {Span{}}});
  const std::string quoted = "\"" + std::to_string(kStart) + "\"";
  body.replace(body.find(quoted), quoted.size(), std::to_string(kStart));

  post(server, body, {kJson});

  EXPECT_EQ(server.observation(kTraceId)["startTime"].as_string(), "2023-11-14T22:13:20.123Z");
}

TEST(Otlp, InfersAMissingEnd) {
  const RunningCollector server;

  post_spans(server, {{.end = 0}});

  EXPECT_EQ(server.observation(kTraceId)["endTime"].as_string(), "2023-11-14T22:13:20.123Z");
}

TEST(Otlp, TakesABodyOfTwentyMegabytes) {
  const RunningCollector server;
  const std::string prompt(20'000'000, 'x');
  const Span span{.attributes = {{"langfuse.observation.input", prompt}}};

  const Reply reply = post(server, protobuf_body({.spans = {span}}), {kProtobuf});

  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(server.observation(kTraceId)["input"].as_string().size(), prompt.size());
}

}  // namespace
}  // namespace llmtrace::collector::testing
