// OTLP of any OpenTelemetry program: what its attributes and events become on the page.
#include <gtest/gtest.h>

#include "common/src/compression.h"
#include "tests/collector/viewer_client.h"

namespace llmtrace::collector::testing {
namespace {

Reply post_protobuf(const RunningCollector& server, const std::string& body,
                    std::vector<std::string> headers = {}) {
  headers.emplace_back("Content-Type: application/x-protobuf");
  return server.client.send({.method = "POST",
                             .path = kPlainOtlpPath,
                             .body = body,
                             .headers = std::move(headers),
                             .keys = ""});
}

JsonValue node_with(const Attributes& attributes) {
  const RunningCollector server;
  EXPECT_EQ(post_protobuf(server, protobuf_body({.spans = {{.attributes = attributes}}})).status,
            200);
  return node_of(server);
}

TEST(PlainOtlp, IsTakenInBothEncodingsPlainAndPacked) {
  const RunningCollector server;
  const std::string protobuf = protobuf_body({.spans = {{.span_id = "00000000000000b1"}}});
  const std::string packed = gzip(protobuf_body({.spans = {{.span_id = "00000000000000b2"}}}));

  const Reply plain_reply = post_protobuf(server, protobuf);
  const Reply packed_reply = post_protobuf(server, packed, {"Content-Encoding: gzip"});
  store_spans(server, {.spans = {{.span_id = "00000000000000b3"}}});

  EXPECT_EQ(plain_reply.status, 200);
  EXPECT_EQ(plain_reply.content_type, "application/x-protobuf");
  EXPECT_EQ(plain_reply.body, "");  // an ExportTraceServiceResponse without a word
  EXPECT_EQ(packed_reply.status, 200);
  EXPECT_EQ(api(server, std::string("/api/traces/") + kTraceId)["nodes"].elements().size(), 3U);
}

TEST(PlainOtlp, EventsAreTheSameInBothEncodings) {
  const Export data{.spans = {{.events = {{.name = "exception",
                                           .time = kStart + 1000,
                                           .attributes = {{"exception.message", std::string("no")},
                                                          {"exception.escaped", true}}}}}},
                    .scope_attributes = {{"team", std::string("search")}}};
  const RunningCollector by_protobuf;
  const RunningCollector by_json;

  EXPECT_EQ(post_protobuf(by_protobuf, protobuf_body(data)).status, 200);
  store_spans(by_json, data);

  const JsonValue node = node_of(by_protobuf);
  EXPECT_EQ(node["events"].to_text(), node_of(by_json)["events"].to_text());
  EXPECT_EQ(node["events"].elements().size(), 1U) << node.to_text();
  EXPECT_NE(node.to_text().find("\"no\""), std::string::npos) << node.to_text();
}

TEST(PlainOtlp, NeedsAContentTypeThatAPageCannotSend) {
  const RunningCollector server;
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", ""}) {
    const Reply reply = server.client.send({.method = "POST",
                                            .path = kPlainOtlpPath,
                                            .body = json_body({.spans = {{}}}),
                                            .headers = {std::string("Content-Type: ") + type}});
    EXPECT_EQ(reply.status, 415) << type;
  }
}

TEST(PlainOtlp, RefusesSpansWithoutIdsOneByOne) {
  const RunningCollector server;
  const Export data{.spans = {{.trace_id = std::string(32, '0')}, {.name = "good"}}};

  const Reply reply = server.client.send({.method = "POST",
                                          .path = kPlainOtlpPath,
                                          .body = json_body(data),
                                          .headers = {"Content-Type: application/json"}});

  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.json()["partialSuccess"]["rejectedSpans"].as_string(), "1");
  EXPECT_EQ(trace_names(server, ""), "good");
}

TEST(PlainOtlp, KeepsAttributesThatNobodyKnows) {
  const JsonValue node = node_with({{"http.route", std::string("/x")},
                                    {"retries", std::int64_t{3}},
                                    {"ratio", 0.5},
                                    {"ok", true},
                                    {"hosts", std::vector<std::string>{"a", "b"}}});

  EXPECT_EQ(node["attributes"]["http.route"].as_string(), "/x");
  EXPECT_EQ(node["attributes"]["retries"].as_integer(), 3);
  EXPECT_EQ(node["attributes"]["ratio"].as_double(), 0.5);
  EXPECT_TRUE(node["attributes"]["ok"].as_bool());
  EXPECT_EQ(node["attributes"]["hosts"].to_text(), R"(["a","b"])");
}

TEST(GenAi, OfVersion141IsUnderstood) {
  const JsonValue node =
      node_with({{"gen_ai.operation.name", std::string("chat")},
                 {"gen_ai.provider.name", std::string("openai")},
                 {"gen_ai.request.model", std::string("gpt-4o")},
                 {"gen_ai.request.temperature", 0.25},
                 {"gen_ai.conversation.id", std::string("c1")},
                 {"gen_ai.response.time_to_first_chunk", 0.5},
                 {"gen_ai.input.messages",
                  std::string(R"([{"role":"user","parts":[{"type":"text","content":"Hi"}]}])")},
                 {"gen_ai.output.messages", std::string(R"([{"role":"assistant","parts":[]}])")},
                 {"gen_ai.usage.input_tokens", std::int64_t{1000}},
                 {"gen_ai.usage.output_tokens", std::int64_t{100}},
                 {"gen_ai.usage.cache_read.input_tokens", std::int64_t{400}},
                 {"gen_ai.usage.reasoning.output_tokens", std::int64_t{60}}});

  EXPECT_EQ(node["type"].as_string(), "GENERATION");
  EXPECT_EQ(node["model"].as_string(), "gpt-4o");
  EXPECT_EQ(node["provider"].as_string(), "openai");
  EXPECT_EQ(node["session_id"].as_string(), "c1");
  EXPECT_EQ(node["model_parameters"].to_text(), R"({"temperature":0.25})");
  EXPECT_NEAR(node["time_to_first_token_ms"].as_double(), 500, 1);
  EXPECT_EQ(node["input"].elements().at(0)["parts"].elements().at(0)["content"].as_string(), "Hi");
  EXPECT_EQ(node["usage"].to_text(),
            R"({"input":600,"input_cached_tokens":400,"output":40,"output_reasoning_tokens":60,)"
            R"("total":1100})");
  EXPECT_EQ(node["input_tokens"].as_integer(), 1000);
  EXPECT_EQ(node["output_tokens"].as_integer(), 100);
  // 600 at 2.50, 400 cached at 1.25, 100 at 10 dollars for a million.
  EXPECT_NEAR(node["cost_usd"].as_double(), 0.003, 1e-12);
  EXPECT_TRUE(node["cost_is_estimated"].as_bool());
}

TEST(GenAi, OfOlderVersionsIsUnderstood) {
  const JsonValue node =
      node_with({{"gen_ai.system", std::string("anthropic")},
                 {"gen_ai.request.model", std::string("claude-3-5-haiku")},
                 {"gen_ai.usage.prompt_tokens", std::int64_t{10}},
                 {"gen_ai.usage.completion_tokens", std::int64_t{5}},
                 {"gen_ai.prompt.0.role", std::string("user")},
                 {"gen_ai.prompt.0.content", std::string("Hi")},
                 {"gen_ai.prompt.10.content", std::string("last")},
                 {"gen_ai.prompt.2.role", std::string("assistant")},
                 {"gen_ai.completion.0.role", std::string("assistant")},
                 {"gen_ai.completion.0.tool_calls.0.name", std::string("f")},
                 {"gen_ai.completion.0.tool_calls.0.arguments", std::string("{}")}});

  EXPECT_EQ(node["type"].as_string(), "GENERATION");
  EXPECT_EQ(node["provider"].as_string(), "anthropic");
  EXPECT_EQ(node["total_tokens"].as_integer(), 15);
  EXPECT_EQ(node["input"].to_text(),
            R"([{"content":"Hi","role":"user"},{"role":"assistant"},{"content":"last"}])");
  EXPECT_EQ(node["output"].to_text(),
            R"([{"role":"assistant","tool_calls":[{"function":{"arguments":"{}","name":"f"}}]}])");
  EXPECT_TRUE(node["attributes"]["gen_ai.prompt.0.role"].is_null());  // shown above already
}

TEST(GenAi, MessagesInEventsAreFound) {
  const RunningCollector server;
  const std::string event = R"("timeUnixNano":"1700000000200000000")";
  const std::string body = R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":")" +
                           std::string(kTraceId) + R"(","spanId":")" + kSpanId +
                           R"(","name":"chat","startTimeUnixNano":"1700000000000000000",)" +
                           R"("endTimeUnixNano":"1700000001000000000","attributes":[],"events":[)"
                           R"({"name":"gen_ai.user.message",)" +
                           event +
                           R"(,"attributes":[{"key":"content","value":{"stringValue":"Hi"}}]},)"
                           R"({"name":"gen_ai.choice",)" +
                           event +
                           R"(,"attributes":[{"key":"gen_ai.event.content","value":{"stringValue":)"
                           R"("{\"index\":0,\"message\":{\"content\":\"Hello\"}}"}}]}]}]}]}]})";

  ASSERT_EQ(server.client.post_json(kPlainOtlpPath, body).status, 200);

  const JsonValue node = node_of(server);
  EXPECT_EQ(node["input"].to_text(), R"([{"role":"user","content":"Hi"}])");
  EXPECT_EQ(node["output"].to_text(), R"([{"role":"assistant","content":"Hello"}])");
  EXPECT_EQ(node["events"].elements().size(), 2U);
  EXPECT_EQ(node["events"].elements().at(0)["offset_ms"].as_double(), 200);
}

TEST(OpenInference, IsUnderstood) {
  const JsonValue node = node_with(
      {{"openinference.span.kind", std::string("LLM")},
       {"llm.model_name", std::string("gpt-4o-mini")},
       {"llm.provider", std::string("openai")},
       {"llm.invocation_parameters", std::string(R"({"top_p":1})")},
       {"llm.input_messages.0.message.role", std::string("user")},
       {"llm.input_messages.0.message.contents.0.message_content.type", std::string("text")},
       {"llm.input_messages.0.message.contents.0.message_content.text", std::string("Hi")},
       {"llm.output_messages.0.message.content", std::string("Hello")},
       {"llm.token_count.prompt", std::int64_t{20}},
       {"llm.token_count.completion", std::int64_t{5}},
       {"llm.token_count.prompt_details.cache_read", std::int64_t{8}},
       {"user.id", std::string("u1")},
       {"tag.tags", std::vector<std::string>{"a", "b"}},
       {"metadata", std::string(R"({"k":1})")}});

  EXPECT_EQ(node["type"].as_string(), "GENERATION");
  EXPECT_EQ(node["model"].as_string(), "gpt-4o-mini");
  EXPECT_EQ(node["input"].to_text(),
            R"([{"content":[{"text":"Hi","type":"text"}],"role":"user"}])");
  EXPECT_EQ(node["output"].to_text(), R"([{"content":"Hello"}])");
  EXPECT_EQ(node["usage"].to_text(),
            R"({"input":12,"input_cached_tokens":8,"output":5,"total":25})");
  EXPECT_EQ(node["user_id"].as_string(), "u1");
  EXPECT_EQ(node["tags"].to_text(), R"(["a","b"])");
  EXPECT_EQ(node["metadata"].to_text(), R"({"k":1})");
  EXPECT_TRUE(node["attributes"]["llm.token_count.prompt"].is_null());
}

TEST(OpenInference, KindsBecomeTypes) {
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"CHAIN", "CHAIN"},         {"RETRIEVER", "RETRIEVER"}, {"RERANKER", "RETRIEVER"},
      {"EMBEDDING", "EMBEDDING"}, {"TOOL", "TOOL"},           {"AGENT", "AGENT"},
      {"GUARDRAIL", "GUARDRAIL"}, {"EVALUATOR", "EVALUATOR"}, {"LLM", "GENERATION"}};
  for (const auto& [kind, type] : kinds) {
    EXPECT_EQ(node_with({{"openinference.span.kind", kind}})["type"].as_string(), type) << kind;
  }
}

TEST(Exceptions, AreShownWithTypeAndStack) {
  const RunningCollector server;
  const std::string body =
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":")" + std::string(kTraceId) +
      R"(","spanId":")" + kSpanId +
      R"(","name":"x","startTimeUnixNano":"1","endTimeUnixNano":"2","status":{"code":2},)"
      R"("events":[{"name":"exception","timeUnixNano":"1","attributes":[)"
      R"({"key":"exception.type","value":{"stringValue":"IOError"}},)"
      R"({"key":"exception.message","value":{"stringValue":"gone"}},)"
      R"({"key":"exception.stacktrace","value":{"stringValue":"at f"}}]}]}]}]}]})";

  ASSERT_EQ(server.client.post_json(kPlainOtlpPath, body).status, 200);

  const JsonValue node = node_of(server);
  EXPECT_EQ(node["level"].as_string(), "ERROR");
  EXPECT_EQ(node["status_message"].as_string(), "gone");
  EXPECT_EQ(node["error"].to_text(), R"({"type":"IOError","message":"gone","stack_trace":"at f"})");
}

std::string json_span(const std::string& ids, const std::string& rest) {
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[{)" + ids +
         R"(,"name":"x","startTimeUnixNano":"1","endTimeUnixNano":"2",)" + rest + "}]}]}]}";
}

const std::string kIds =
    R"("traceId":")" + std::string(kTraceId) + R"(","spanId":")" + std::string(kSpanId) + '"';

TEST(Exceptions, ThatWereDealtWithAreEventsOnly) {
  const RunningCollector server;
  const std::string caught = R"("events":[{"name":"exception","timeUnixNano":"1","attributes":[)"
                             R"({"key":"exception.type","value":{"stringValue":"IOError"}}]}])";
  ASSERT_EQ(server.client.post_json(kPlainOtlpPath, json_span(kIds, caught)).status, 200);

  const JsonValue node = node_of(server);
  EXPECT_NE(node["level"].as_string(), "ERROR");
  EXPECT_TRUE(node["error"].is_null());
  EXPECT_EQ(node["events"].elements().at(0)["name"].as_string(), "exception");
}

TEST(PlainOtlp, TakesIdsInUpperCase) {
  const RunningCollector server;
  const std::string ids = R"("traceId":"0123456789ABCDEF0123456789ABCDEF","spanId":)"
                          R"("00000000000000A1","parentSpanId":"00000000000000B2")";
  const Reply reply = server.client.post_json(kPlainOtlpPath, json_span(ids, R"("status":{})"));

  EXPECT_EQ(reply.body, "{}");
  EXPECT_EQ(node_of(server)["name"].as_string(), "x");
  EXPECT_EQ(node_of(server)["parent_id"].as_string(), "00000000000000b2");
  const JsonValue trace = api(server, "/api/traces/0123456789ABCDEF0123456789ABCDEF");
  EXPECT_EQ(trace["trace"]["trace_id"].as_string(), kTraceId);
}

// What SDKs send of messages that are no text but a list of key-value lists.
const std::string kMessages =
    R"({"arrayValue":{"values":[{"kvlistValue":{"values":[{"key":"role","value":)"
    R"({"stringValue":"user"}},{"key":"parts","value":{"arrayValue":{"values":[)"
    R"({"kvlistValue":{"values":[{"key":"type","value":{"stringValue":"text"}},)"
    R"({"key":"content","value":{"stringValue":"Hi \"you\""}}]}}]}}}]}}]}})";

TEST(PlainOtlp, ShowsKeyValueListsAsObjects) {
  const RunningCollector server;
  const std::string attributes =
      R"("attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},)"
      R"({"key":"gen_ai.input.messages","value":)" +
      kMessages +
      R"(},{"key":"none","value":{"kvlistValue":{}}},{"key":"empty","value":{"arrayValue":{}}},)"
      R"({"key":"bytes","value":{"bytesValue":"AAEC"}},{"key":"one","value":{"kvlistValue":)"
      R"({"values":[{"key":"n","value":{"intValue":"7"}},{"key":"unset","value":{}}]}}}])";
  ASSERT_EQ(server.client.post_json(kPlainOtlpPath, json_span(kIds, attributes)).status, 200);

  const JsonValue node = node_of(server);
  EXPECT_EQ(node["input"].to_text(),
            R"([{"role":"user","parts":[{"type":"text","content":"Hi \"you\""}]}])");
  EXPECT_EQ(node["attributes"]["none"].to_text(), "{}");
  EXPECT_EQ(node["attributes"]["empty"].to_text(), "[]");
  EXPECT_EQ(node["attributes"]["bytes"].as_string(), "AAEC");
  EXPECT_EQ(node["attributes"]["one"].to_text(), R"({"n":7,"unset":null})");
}

TEST(PlainOtlp, MarksWhatIsNestedTooDeepAndKeepsTheRest) {
  const RunningCollector server;
  ASSERT_EQ(post_protobuf(server, deep_protobuf_body(2'000)).status, 200);

  const std::string deep = node_of(server)["attributes"]["deep"].to_text();
  EXPECT_NE(deep.find("<nested too deep>"), std::string::npos) << deep;
}

}  // namespace
}  // namespace llmtrace::collector::testing
