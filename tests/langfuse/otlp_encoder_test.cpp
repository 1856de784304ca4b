// What a span says: every attribute, in both encodings.
#include <llmtrace/observe.h>
#include <llmtrace/version.h>

#include "common/src/time_text.h"
#include "tests/langfuse/langfuse_fixture.h"
#include "tests/support/scripted_server.h"

namespace langfuse::testing {
namespace {

using llmtrace::Level;
using llmtrace::Timestamp;

class Otlp : public LangfuseTest, public ::testing::WithParamInterface<Encoding> {
 protected:
  Config config() {
    Config with_encoding = LangfuseTest::config();
    with_encoding.encoding = GetParam();
    return with_encoding;
  }
};

INSTANTIATE_TEST_SUITE_P(, Otlp, ::testing::Values(Encoding::Protobuf, Encoding::Json),
                         [](const auto& encoding) {
                           return encoding.param == Encoding::Protobuf ? "Protobuf" : "Json";
                         });

Timestamp at(const char* text) { return *llmtrace::parse_rfc3339(text); }

std::string nanoseconds(const char* text) {
  return std::to_string(
      std::chrono::duration_cast<std::chrono::nanoseconds>(at(text).time_since_epoch()).count());
}

TEST_P(Otlp, SendsTheHeadersOfEachRequest) {
  Client client(config());
  client.event({.name = "e"});
  EXPECT_TRUE(client.flush(seconds(10)));

  const auto requests = requests_to("/api/public/otel/v1/traces");
  ASSERT_EQ(requests.size(), 1U);
  const auto& request = requests[0];
  EXPECT_EQ(request.method, "POST");
  // base64 of "pk-lf-1234:sk-lf-canary-5678"
  EXPECT_EQ(request.header("Authorization"), "Basic cGstbGYtMTIzNDpzay1sZi1jYW5hcnktNTY3OA==");
  EXPECT_EQ(request.header("Content-Type"),
            GetParam() == Encoding::Protobuf ? "application/x-protobuf" : "application/json");
  EXPECT_EQ(request.header("x-langfuse-ingestion-version"), "4");
  EXPECT_EQ(request.header("x-langfuse-sdk-name"), "cpp");
  EXPECT_EQ(request.header("x-langfuse-sdk-version"), LLMTRACE_VERSION_STRING);
  EXPECT_EQ(request.header("x-langfuse-public-key"), "pk-lf-1234");
  EXPECT_EQ(request.header("Content-Encoding"), "");
  EXPECT_EQ(request.timeout, seconds(10));
}

TEST_P(Otlp, CompressesWhenToldTo) {
  Config compressed = config();
  compressed.compression = Compression::Gzip;
  Client client(compressed);
  client.event({.name = "e"});
  EXPECT_TRUE(client.flush(seconds(10)));

  const auto request = requests_to("/api/public/otel/v1/traces").at(0);
  EXPECT_EQ(request.header("Content-Encoding"), "gzip");
  const std::string body = gunzip(request.body);
  const ReadExport read =
      GetParam() == Encoding::Protobuf ? read_otlp_protobuf(body) : read_otlp_json(body);
  EXPECT_EQ(read.spans.at(0).name, "e");
}

TEST_P(Otlp, AnAdditionalHeaderReplacesOursOfTheSameName) {
  Config extra = config();
  extra.additional_headers = {{"X-Team", "search"}, {"X-Langfuse-Ingestion-Version", "3"}};
  Client client(extra);
  client.event({.name = "e"});
  EXPECT_TRUE(client.flush(seconds(10)));

  const auto request = requests_to("/api/public/otel/v1/traces").at(0);
  EXPECT_EQ(request.header("X-Team"), "search");
  EXPECT_EQ(request.header("X-Langfuse-Ingestion-Version"), "3");
  EXPECT_EQ(request.header("x-langfuse-ingestion-version"), "");
}

TEST_P(Otlp, DescribesTheSdkAndTheDeployment) {
  Config deployed = config();
  deployed.environment = "staging";
  deployed.release = "1.2.3";
  Client client(deployed);
  client.event({.name = "e"});
  EXPECT_TRUE(client.flush(seconds(10)));

  const ReadExport read = spans();
  EXPECT_EQ(read.scope_name, "langfuse-sdk-cpp");
  EXPECT_EQ(read.scope_version, LLMTRACE_VERSION_STRING);
  EXPECT_EQ(read.resource.at("service.name"), "unknown_service:llmtrace_langfuse_test");
  EXPECT_EQ(read.resource.at("telemetry.sdk.language"), "cpp");
  EXPECT_EQ(read.resource.at("langfuse.environment"), "staging");
  EXPECT_EQ(read.resource.at("langfuse.release"), "1.2.3");
}

TEST_P(Otlp, WritesEveryAttributeOfAGeneration) {
  Client client(config());
  client
      .generation({.name = "answer",
                   .input = {{"question", "why?"}},
                   .output = "because",
                   .metadata = {{"k", "text"}, {"n", 7}, {"list", {1, 2}}},
                   .version = "v2",
                   .level = Level::Warning,
                   .status_message = "slow",
                   .completion_start_time = at("2026-11-16T09:00:01.25Z"),
                   .model = "gpt-4o-mini",
                   .provider = "openai",
                   .model_parameters = {{"temperature", 0.5}},
                   .usage_details = {{"input", 100}, {"output", 50}},
                   .cost_details = {{"total", 0.25}},
                   .prompt = {.name = "qa", .version = 3},
                   .start_time = at("2026-11-16T09:00:00Z")})
      .end({.end_time = at("2026-11-16T09:00:02Z")});
  EXPECT_TRUE(client.flush(seconds(10)));

  const ReadSpan span = spans().named("answer");
  EXPECT_EQ(span["gen_ai.provider.name"], "openai");
  EXPECT_EQ(span.trace_id.size(), 32U);
  EXPECT_EQ(span.span_id.size(), 16U);
  EXPECT_EQ(span.trace_id.substr(16), span.span_id);
  EXPECT_EQ(span.parent_id, "");
  EXPECT_EQ(span.kind, 1);
  EXPECT_EQ(std::to_string(span.start), nanoseconds("2026-11-16T09:00:00Z"));
  EXPECT_EQ(std::to_string(span.end), nanoseconds("2026-11-16T09:00:02Z"));
  EXPECT_EQ(span.status_code, 0);
  EXPECT_EQ(span["langfuse.observation.type"], "generation");
  EXPECT_EQ(span["langfuse.observation.input"], R"({"question":"why?"})");
  EXPECT_EQ(span["langfuse.observation.output"], "because");
  EXPECT_EQ(span["langfuse.observation.metadata.k"], "text");
  EXPECT_EQ(span["langfuse.observation.metadata.n"], "7");
  EXPECT_EQ(span["langfuse.observation.metadata.list"], "[1,2]");
  EXPECT_EQ(span["langfuse.version"], "v2");
  EXPECT_EQ(span["langfuse.observation.level"], "WARNING");
  EXPECT_EQ(span["langfuse.observation.status_message"], "slow");
  EXPECT_EQ(span["langfuse.observation.completion_start_time"], "2026-11-16T09:00:01.250000Z");
  EXPECT_EQ(span["langfuse.observation.model.name"], "gpt-4o-mini");
  EXPECT_EQ(span["langfuse.observation.model.parameters"], R"({"temperature":0.5})");
  EXPECT_EQ(span["langfuse.observation.usage_details"], R"({"input":100,"output":50})");
  EXPECT_EQ(span["langfuse.observation.cost_details"], R"({"total":0.25})");
  EXPECT_EQ(span["langfuse.observation.prompt.name"], "qa");
  EXPECT_EQ(span["langfuse.observation.prompt.version"], "3");
}

TEST_P(Otlp, WritesNothingForWhatWasNotGiven) {
  Client client(config());
  client.span({.name = "bare"}).end();
  EXPECT_TRUE(client.flush(seconds(10)));

  const ReadSpan span = spans().named("bare");
  EXPECT_EQ(span.attributes, (Attributes{{"langfuse.observation.type", "span"},
                                         {"langfuse.internal.is_app_root", "true"}}));
}

TEST_P(Otlp, NamesEveryType) {
  using Type = ObservationType;
  const std::pair<Type, const char*> table[] = {
      {Type::Span, "span"},           {Type::Generation, "generation"},
      {Type::Event, "event"},         {Type::Embedding, "embedding"},
      {Type::Agent, "agent"},         {Type::Tool, "tool"},
      {Type::Chain, "chain"},         {Type::Retriever, "retriever"},
      {Type::Evaluator, "evaluator"}, {Type::Guardrail, "guardrail"},
      {Type::Prompt, "span"},         {Type::Parser, "span"}};
  Client client(config());
  for (const auto& [type, name] : table) {
    client.start_observation({.name = std::to_string(static_cast<int>(type)), .as_type = type})
        .end();
  }
  EXPECT_TRUE(client.flush(seconds(10)));

  const ReadExport read = spans();
  for (const auto& [type, name] : table) {
    EXPECT_EQ(read.named(std::to_string(static_cast<int>(type)))["langfuse.observation.type"],
              name);
  }
}

TEST_P(Otlp, MarksAnError) {
  Client client(config());
  {
    const Observation span = client.span({.name = "bad"});
    span.error("it broke");
  }
  EXPECT_TRUE(client.flush(seconds(10)));

  const ReadSpan span = spans().named("bad");
  EXPECT_EQ(span.status_code, 2);
  EXPECT_EQ(span.status_message, "it broke");
  EXPECT_EQ(span["langfuse.observation.level"], "ERROR");
  EXPECT_EQ(span["langfuse.observation.status_message"], "it broke");
}

TEST_P(Otlp, RepeatsTraceAttributesOnEverySpan) {
  Client client(config());
  {
    const Trace trace = client.trace({.name = "rag",
                                      .user_id = "u-1",
                                      .session_id = "s-1",
                                      .version = "v1",
                                      .release = "r-9",
                                      .input = "question",
                                      .metadata = {{"team", "search"}, {"n", 1}},
                                      .tags = {"prod", "beta"},
                                      .is_public = true});
    const Observation outer = trace.span({.name = "outer"});
    outer.generation({.name = "inner"}).end();
  }
  EXPECT_TRUE(client.flush(seconds(10)));

  const ReadExport read = spans();
  ASSERT_EQ(read.spans.size(), 3U);
  const ReadSpan root = read.named("rag");
  EXPECT_EQ(root.parent_id, "");
  EXPECT_EQ(read.named("outer").parent_id, root.span_id);
  EXPECT_EQ(read.named("inner").parent_id, read.named("outer").span_id);
  EXPECT_EQ(root["langfuse.observation.input"], "question");
  for (const ReadSpan& span : read.spans) {
    EXPECT_EQ(span.trace_id, root.trace_id);
    EXPECT_EQ(span["langfuse.trace.name"], "rag") << span.name;
    EXPECT_EQ(span["user.id"], "u-1") << span.name;
    EXPECT_EQ(span["session.id"], "s-1") << span.name;
    EXPECT_EQ(span["langfuse.version"], "v1") << span.name;
    EXPECT_EQ(span["langfuse.release"], "r-9") << span.name;
    EXPECT_EQ(span["langfuse.trace.tags"], "[prod,beta]") << span.name;
    EXPECT_EQ(span["langfuse.trace.public"], "true") << span.name;
    EXPECT_EQ(span["langfuse.trace.metadata.team"], "search") << span.name;
    EXPECT_EQ(span["langfuse.trace.metadata.n"], "1") << span.name;
  }
}

TEST_P(Otlp, UpdatesReachSpansThatStartLater) {
  Client client(config());
  {
    const Trace trace = client.trace({.name = "t", .metadata = {{"a", 1}}, .tags = {"x"}});
    const Observation early = trace.span({.name = "early"});
    trace.update({.user_id = "late", .output = "done", .metadata = {{"b", 2}}, .tags = {"y", "x"}});
    trace.span({.name = "late"}).end();
  }
  EXPECT_TRUE(client.flush(seconds(10)));

  const ReadExport read = spans();
  EXPECT_FALSE(read.named("early").has("user.id"));
  for (const char* name : {"late", "t"}) {
    EXPECT_EQ(read.named(name)["user.id"], "late");
    EXPECT_EQ(read.named(name)["langfuse.trace.tags"], "[x,y]");
    EXPECT_EQ(read.named(name)["langfuse.trace.metadata.a"], "1");
    EXPECT_EQ(read.named(name)["langfuse.trace.metadata.b"], "2");
  }
  EXPECT_EQ(read.named("t")["langfuse.observation.output"], "done");
}

TEST_P(Otlp, PropagatedAttributesReachEverySpanInside) {
  Client client(config());
  {
    auto scope = llmtrace::propagate({.user_id = "u",
                                      .session_id = "s",
                                      .metadata = {{"k", "outer"}},
                                      .version = "v",
                                      .tags = {"a"},
                                      .trace_name = "named",
                                      .environment = "canary",
                                      .prompt = {.name = "p", .version = 2}});
    const Observation root = client.span({.name = "root"});
    auto inside = root.activate();
    client.generation({.name = "gen"}).end();
    client.generation({.name = "own", .prompt = {.name = "mine", .version = 9}}).end();
  }
  EXPECT_TRUE(client.flush(seconds(10)));

  const ReadExport read = spans();
  for (const char* name : {"root", "gen", "own"}) {
    const ReadSpan span = read.named(name);
    EXPECT_EQ(span["user.id"], "u");
    EXPECT_EQ(span["session.id"], "s");
    EXPECT_EQ(span["langfuse.version"], "v");
    EXPECT_EQ(span["langfuse.trace.name"], "named");
    EXPECT_EQ(span["langfuse.environment"], "canary");
    EXPECT_EQ(span["langfuse.trace.metadata.k"], "outer");
  }
  EXPECT_FALSE(read.named("root").has("langfuse.observation.prompt.name")) << "not a generation";
  EXPECT_EQ(read.named("gen")["langfuse.observation.prompt.name"], "p");
  EXPECT_EQ(read.named("gen")["langfuse.observation.prompt.version"], "2");
  EXPECT_EQ(read.named("own")["langfuse.observation.prompt.name"], "mine");
}

TEST_P(Otlp, LeavesOutWhatIsTooLongToBeRepeated) {
  const std::string fits(200, 'x');
  const std::string two_units = "\xF0\x9F\x8C\x8D";
  const std::string long_text(201, 'y');
  Client client(config());
  {
    const auto scope = llmtrace::propagate({.user_id = fits,
                                            .session_id = long_text,
                                            .metadata = {{"short", fits},
                                                         {"long", long_text},
                                                         {"object", {{"k", long_text}}},
                                                         {"n", 1}},
                                            .version = long_text,
                                            .tags = {fits, long_text},
                                            .trace_name = std::string(198, 'x') + two_units});
    client.span({.name = "propagated", .metadata = {{"long", long_text}}}).end();
  }
  client.trace({.name = std::string(199, 'x') + two_units, .user_id = long_text}).end();
  EXPECT_TRUE(client.flush(seconds(10)));

  const ReadSpan span = spans().named("propagated");
  EXPECT_EQ(span["user.id"], fits);
  EXPECT_FALSE(span.has("session.id"));
  EXPECT_FALSE(span.has("langfuse.version"));
  EXPECT_EQ(span["langfuse.trace.tags"], "[" + fits + "]");
  EXPECT_EQ(span["langfuse.trace.name"], std::string(198, 'x') + two_units);
  EXPECT_EQ(span["langfuse.trace.metadata.short"], fits);
  EXPECT_EQ(span["langfuse.trace.metadata.n"], "1");
  EXPECT_FALSE(span.has("langfuse.trace.metadata.long"));
  EXPECT_FALSE(span.has("langfuse.trace.metadata.object"));
  EXPECT_EQ(span["langfuse.observation.metadata.long"], long_text) << "its own, not the trace's";
  const ReadSpan root = spans().spans.at(1);
  EXPECT_FALSE(root.has("user.id"));
  EXPECT_FALSE(root.has("langfuse.trace.name"));
  EXPECT_EQ(client.stats().invalid_attributes, 7U);
  EXPECT_EQ(log->lines().size(), 1U) << "at most one a second";
  EXPECT_TRUE(log->contains("was left out")) << log->text();
  EXPECT_FALSE(log->contains("yyy")) << log->text();
}

TEST_P(Otlp, SendsAPropagatedEnvironmentAsTheServerTakesIt) {
  Client client(config());
  for (const char* name : {"canary", "Canary", "langfuse-own"}) {
    const auto scope = llmtrace::propagate({.environment = name});
    client.span({.name = name}).end();
  }
  EXPECT_TRUE(client.flush(seconds(10)));

  EXPECT_EQ(spans().named("canary")["langfuse.environment"], "canary");
  EXPECT_EQ(spans().named("Canary")["langfuse.environment"], "canary");
  EXPECT_EQ(spans().named("langfuse-own")["langfuse.environment"], "default");
  EXPECT_EQ(client.stats().invalid_attributes, 2U);
  EXPECT_TRUE(log->contains("\"Canary\" is sent as \"canary\"")) << log->text();
}

TEST_P(Otlp, TakesAndHashesGivenTraceIds) {
  Client client(config());
  const std::string hex = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(client.trace({.id = hex, .name = "hex"}).id(), hex);
  EXPECT_EQ(client.trace({.id = "order-42", .name = "hashed"}).id(), create_trace_id("order-42"));
  EXPECT_TRUE(client.flush(seconds(10)));

  EXPECT_EQ(spans().named("hex").trace_id, hex);
  EXPECT_EQ(spans().named("hashed").trace_id, create_trace_id("order-42"));
}

TEST_P(Otlp, LeavesOutInvalidNumbersAndCountsThem) {
  Client client(config());
  client
      .generation({.name = "g",
                   .usage_details = {{"input", -1}, {"output", 5}, {"total", 1e300}},
                   .cost_details = {{"input", std::nan("")}, {"output", -0.5}, {"total", 0.25}}})
      .end();
  EXPECT_TRUE(client.flush(seconds(10)));

  EXPECT_EQ(spans().named("g")["langfuse.observation.usage_details"], R"({"output":5})");
  EXPECT_EQ(spans().named("g")["langfuse.observation.cost_details"], R"({"total":0.25})");
  EXPECT_EQ(client.stats().invalid_numbers, 4U);
}

TEST_P(Otlp, RepairsTextThatIsNoUtf8) {
  Client client(config());
  client.span({.name = "n\xFF", .input = "i\xC3", .status_message = "s\x80"}).end();
  EXPECT_TRUE(client.flush(seconds(10)));

  const ReadSpan span = spans().spans.at(0);
  EXPECT_EQ(span.name, "n\xEF\xBF\xBD");
  EXPECT_EQ(span["langfuse.observation.input"], "i\xEF\xBF\xBD");
  EXPECT_EQ(span["langfuse.observation.status_message"], "s\xEF\xBF\xBD");
}

TEST_P(Otlp, GivesANamelessSpanItsTypesName) {
  Client client(config());
  client.generation({}).end();
  EXPECT_TRUE(client.flush(seconds(10)));

  EXPECT_EQ(spans().spans.at(0).name, "generation");
}

int observed(int value) {
  OBSERVE(value);
  return OBSERVE_OUTPUT(value + 1);
}

TEST_P(Otlp, CaptureIoHoldsBackWhatMacrosRecord) {
  for (const bool capture : {true, false}) {
    http = std::make_shared<FakeHttpClient>(clock);
    transport = llmtrace::Transport::create({.http_client = http, .clock = clock});
    Config captured = config();
    captured.capture_io = capture;
    Client client(captured);
    observed(41);
    client.span({.name = "by hand", .input = "in", .output = "out"}).end();
    EXPECT_TRUE(client.flush(seconds(10)));

    const ReadSpan span = spans().named("observed");
    EXPECT_EQ(span.has("langfuse.observation.input"), capture);
    EXPECT_EQ(span.has("langfuse.observation.output"), capture);
    if (capture) {
      EXPECT_EQ(span["langfuse.observation.input"], R"({"value":41})");
      EXPECT_EQ(span["langfuse.observation.output"], "42");
    }
    EXPECT_EQ(spans().named("by hand")["langfuse.observation.input"], "in");
    EXPECT_EQ(spans().named("by hand")["langfuse.observation.output"], "out");
  }
}

TEST_P(Otlp, MasksEveryUserText) {
  Config masked = config();
  masked.mask = [](llmtrace::JsonText text, llmtrace::Field) -> llmtrace::JsonText {
    if (text.text.find("canary") == std::string::npos) return text;
    throw std::runtime_error("fail closed");
  };
  Client client(masked);
  {
    const Trace trace =
        client.trace({.name = "t", .metadata = {{"k", "canary"}}, .tags = {"canary", "ok"}});
    trace
        .generation({.name = "g",
                     .input = {{"x", "canary"}},
                     .output = "canary",
                     .metadata = {{"m", "canary"}},
                     .status_message = "canary",
                     .model_parameters = {{"p", "canary"}}})
        .end();
  }
  client.score({.name = "s", .value = "canary", .trace_id = "x", .comment = "canary"});
  EXPECT_TRUE(client.flush(seconds(10)));

  ASSERT_EQ(http->request_count(), 2U);
  for (const auto& request : http->requests()) {
    EXPECT_EQ(request.body.find("canary"), std::string::npos) << request.url;
    EXPECT_NE(request.body.find("fully masked"), std::string::npos) << request.url;
  }
  EXPECT_GE(client.stats().user_code_failures, 8U);
}

TEST_P(Otlp, A404NamesTheRemedy) {
  http->respond(reply_with(404));
  Client client(config());
  client.event({.name = "e"});
  EXPECT_FALSE(client.flush(seconds(10)));

  EXPECT_EQ(http->request_count(), 1U);
  EXPECT_TRUE(log->contains("Protocol::Legacy")) << log->text();
  EXPECT_TRUE(log->contains("LANGFUSE_BASE_URL")) << log->text();
  EXPECT_EQ(client.stats().dropped_by(llmtrace::DropReason::Rejected), 1U);
}

TEST_P(Otlp, WrongKeysNameTheVariables) {
  http->respond(reply_with(401));
  Client client(config());
  client.event({.name = "e"});
  EXPECT_FALSE(client.flush(seconds(10)));

  EXPECT_TRUE(log->contains("LANGFUSE_SECRET_KEY")) << log->text();
  EXPECT_TRUE(log->contains("https://langfuse.test")) << log->text();
  EXPECT_FALSE(log->contains("canary")) << log->text();
}

TEST_P(Otlp, DoesNotReadTheBodyOfA200) {
  http->respond(reply_with(200, "\x08\x01 no OTLP, no JSON"));
  Client client(config());
  client.event({.name = "e"});

  EXPECT_TRUE(client.flush(seconds(10)));
}

TEST_P(Otlp, SendsEachObservationOnce) {
  Client client(config());
  {
    const Observation span = client.span({.name = "once"});
    span.update({.output = "a"});
    span.end({.output = "b"});
    span.end({.output = "c"});
    span.update({.output = "d"});
  }
  EXPECT_TRUE(client.flush(seconds(10)));

  ASSERT_EQ(spans().spans.size(), 1U);
  EXPECT_EQ(spans().named("once")["langfuse.observation.output"], "b");
  EXPECT_EQ(client.stats().late_updates, 1U);
}

}  // namespace
}  // namespace langfuse::testing
