// What a span says, in both encodings.
#include <llmtrace/observe.h>
#include <llmtrace/version.h>

#include "common/src/error_type.h"
#include "common/src/time_text.h"
#include "tests/otlp/span_fixture.h"

namespace llmtrace::tests {
namespace {

INSTANTIATE_TEST_SUITE_P(, OtlpSpan,
                         ::testing::Values(OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson),
                         protocol_name);

constexpr int kInternal = 1;
constexpr int kClient = 3;

Timestamp at(const char* text) { return *parse_rfc3339(text); }

TEST_P(OtlpSpan, DescribesTheServiceAndTheSdk) {
  OtlpConfig named = config();
  named.service_name = "answers";
  named.resource_attributes = {{"wandb.project", "p"}};
  span_of({.name = "e"}, named);

  const ReadExport read = spans();
  EXPECT_EQ(read.scope_name, "llmtrace");
  EXPECT_EQ(read.scope_version, LLMTRACE_VERSION_STRING);
  EXPECT_EQ(read.resource.at("service.name"), "answers");
  EXPECT_EQ(read.resource.at("wandb.project"), "p");
  EXPECT_EQ(read.resource.at("telemetry.sdk.name"), "llmtrace");
}

TEST_P(OtlpSpan, SaysOfAGenerationWhatTheConventionsAsk) {
  OtlpExporter exporter(config());
  exporter
      .start_observation({.name = "answer",
                          .as_type = ObservationType::Generation,
                          .metadata = {{"response_id", "r-1"},
                                       {"response_model", "gpt-4o-mini-2024-07-18"},
                                       {"finish_reasons", {"stop", "length"}}},
                          .completion_start_time = at("2026-11-16T09:00:00.25Z"),
                          .model = "gpt-4o-mini",
                          .provider = "openai",
                          .model_parameters = {{"temperature", 0.5},
                                               {"top_p", 1},
                                               {"max_completion_tokens", 256},
                                               {"seed", 7},
                                               {"stop", "END"},
                                               {"frequency_penalty", 0.1},
                                               {"presence_penalty", -0.1},
                                               {"stream", true},
                                               {"n", 2},
                                               {"response_format", Json{{"type", "json_object"}}},
                                               {"logit_bias", Json{{"50256", -100}}}},
                          .usage_details = {{"input", 100},
                                            {"input_cached_tokens", 20},
                                            {"output", 40},
                                            {"output_reasoning_tokens", 10}},
                          .cost_details = {{"total", 0.25}},
                          .start_time = at("2026-11-16T09:00:00Z")})
      .end({.end_time = at("2026-11-16T09:00:02Z")});
  EXPECT_TRUE(exporter.flush(seconds(10)));

  const ReadSpan span = spans().spans.at(0);
  EXPECT_EQ(span.name, "chat gpt-4o-mini");
  EXPECT_EQ(span.kind, kClient);
  EXPECT_EQ(span.flags, 0x103U) << "sampled, a random trace id, and no parent elsewhere";
  EXPECT_EQ(span.end - span.start, 2'000'000'000U);
  const Attributes expected = {{"gen_ai.operation.name", "chat"},
                               {"gen_ai.provider.name", "openai"},
                               {"gen_ai.request.model", "gpt-4o-mini"},
                               {"gen_ai.request.temperature", "0.5"},
                               {"gen_ai.request.top_p", "1"},
                               {"gen_ai.request.max_tokens", "256"},
                               {"gen_ai.request.seed", "7"},
                               {"gen_ai.request.stop_sequences", "[END]"},
                               {"gen_ai.request.frequency_penalty", "0.1"},
                               {"gen_ai.request.presence_penalty", "-0.1"},
                               {"gen_ai.request.stream", "true"},
                               {"gen_ai.request.choice.count", "2"},
                               {"gen_ai.output.type", "json"},
                               {"llmtrace.request.logit_bias", R"({"50256":-100})"},
                               {"gen_ai.usage.input_tokens", "120"},
                               {"gen_ai.usage.output_tokens", "50"},
                               {"gen_ai.usage.cache_read.input_tokens", "20"},
                               {"gen_ai.usage.reasoning.output_tokens", "10"},
                               {"llmtrace.cost.total", "0.25"},
                               {"gen_ai.response.id", "r-1"},
                               {"gen_ai.response.model", "gpt-4o-mini-2024-07-18"},
                               {"gen_ai.response.finish_reasons", "[stop,length]"},
                               {"gen_ai.response.time_to_first_chunk", "0.25"},
                               {"llmtrace.observation.type", "generation"},
                               {"openinference.span.kind", "LLM"},
                               {"llmtrace.observation.name", "answer"}};
  EXPECT_EQ(span.attributes, expected);
}

struct Named {
  ObservationType type;
  const char* span;
  const char* operation;
  const char* kind;
};

TEST_P(OtlpSpan, NamesEveryTypeByItsConvention) {
  using Type = ObservationType;
  const Named table[] = {{Type::Span, "n", "(absent)", "CHAIN"},
                         {Type::Generation, "chat m", "chat", "LLM"},
                         {Type::Embedding, "embeddings m", "embeddings", "EMBEDDING"},
                         {Type::Tool, "execute_tool n", "execute_tool", "TOOL"},
                         {Type::Agent, "invoke_agent n", "invoke_agent", "AGENT"},
                         {Type::Retriever, "n", "retrieval", "RETRIEVER"},
                         {Type::Chain, "n", "(absent)", "CHAIN"},
                         {Type::Evaluator, "n", "(absent)", "EVALUATOR"},
                         {Type::Guardrail, "n", "(absent)", "GUARDRAIL"},
                         {Type::Event, "n", "(absent)", "CHAIN"}};
  for (const Named& row : table) {
    const ReadSpan span = span_of({.name = "n", .as_type = row.type, .model = "m"});
    EXPECT_EQ(span.name, row.span);
    EXPECT_EQ(span["gen_ai.operation.name"], row.operation) << row.span;
    EXPECT_EQ(span["openinference.span.kind"], row.kind) << row.span;
    const bool is_call = row.type == Type::Generation || row.type == Type::Embedding;
    EXPECT_EQ(span.kind, is_call ? kClient : kInternal) << row.span;
    EXPECT_EQ(span["llmtrace.observation.type"], to_string(row.type));
  }
  EXPECT_EQ(span_of({.name = "n", .as_type = Type::Tool})["gen_ai.tool.name"], "n");
  EXPECT_EQ(span_of({.name = "n", .as_type = Type::Agent})["gen_ai.agent.name"], "n");
  EXPECT_EQ(span_of({.name = "n", .as_type = Type::Generation}).name, "n") << "without a model";
  EXPECT_EQ(span_of({.as_type = Type::Generation}).name, "chat");
}

TEST_P(OtlpSpan, TakesWhatTheProgramSaysInTheConventionsOwnWords) {
  const ReadSpan span = span_of({.name = "n",
                                 .as_type = ObservationType::Generation,
                                 .metadata = {{"gen_ai.operation.name", "text_completion"},
                                              {"gen_ai.request.model", "mine"},
                                              {"server.address", "api.test"},
                                              {"server.port", 443},
                                              {"agent_id", "a-1"},
                                              {"k", "text"},
                                              {"nested", Json{{"a", 1}}},
                                              {"half", 0.5},
                                              {"on", true},
                                              {"list", {"x", "y"}},
                                              {"nothing", nullptr}},
                                 .model = "m"});

  EXPECT_EQ(span.name, "text_completion m");
  EXPECT_EQ(span["gen_ai.operation.name"], "text_completion");
  EXPECT_EQ(span["gen_ai.request.model"], "mine");
  EXPECT_EQ(span["server.address"], "api.test");
  EXPECT_EQ(span["server.port"], "443");
  EXPECT_EQ(span["gen_ai.agent.id"], "a-1");
  EXPECT_EQ(span["llmtrace.metadata.k"], "text");
  EXPECT_EQ(span["llmtrace.metadata.nested"], R"({"a":1})");
  EXPECT_EQ(span["llmtrace.metadata.half"], "0.5");
  EXPECT_EQ(span["llmtrace.metadata.on"], "true");
  EXPECT_EQ(span["llmtrace.metadata.list"], "[x,y]");
  EXPECT_FALSE(span.has("llmtrace.metadata.nothing"));
}

TEST_P(OtlpSpan, SendsNoContentUnlessAskedTo) {
  for (const ObservationType type :
       {ObservationType::Span, ObservationType::Generation, ObservationType::Tool,
        ObservationType::Retriever, ObservationType::Agent, ObservationType::Embedding}) {
    span_of({.name = "n",
             .as_type = type,
             .input = "canary",
             .output = {{"text", "canary"}},
             .metadata = {{"tools", {"canary"}}}});
  }
  for (const auto& request : http->requests()) {
    EXPECT_EQ(request.body.find("canary"), std::string::npos);
  }
}

TEST_P(OtlpSpan, SendsContentInTheConventionsFormWhenAskedTo) {
  const ReadSpan chat = span_of({.name = "n",
                                 .as_type = ObservationType::Generation,
                                 .input = "why?",
                                 .output = "because",
                                 .metadata = {{"finish_reasons", {"length"}}, {"tools", {1}}}},
                                with_content());
  EXPECT_EQ(chat["gen_ai.input.messages"],
            R"([{"role":"user","parts":[{"type":"text","content":"why?"}]}])");
  EXPECT_EQ(chat["gen_ai.output.messages"],
            R"([{"role":"assistant","parts":[{"type":"text","content":"because"}],)"
            R"("finish_reason":"length"}])");
  EXPECT_EQ(chat["gen_ai.tool.definitions"], "[1]");

  const ReadSpan tool = span_of({.name = "search",
                                 .as_type = ObservationType::Tool,
                                 .input = {{"q", "x"}},
                                 .output = "found"},
                                with_content());
  EXPECT_EQ(tool["gen_ai.tool.call.arguments"], R"({"q":"x"})");
  EXPECT_EQ(tool["gen_ai.tool.call.result"], "found");

  const ReadSpan retrieval = span_of({.name = "r",
                                      .as_type = ObservationType::Retriever,
                                      .input = "query",
                                      .output = Json{{"docs", {1}}}},
                                     with_content());
  EXPECT_EQ(retrieval["gen_ai.retrieval.query.text"], "query");
  EXPECT_EQ(retrieval["gen_ai.retrieval.documents"], R"({"docs":[1]})");

  const ReadSpan span = span_of({.name = "s", .input = {{"a", 1}}, .output = "o"}, with_content());
  EXPECT_EQ(span["input.value"], R"({"a":1})");
  EXPECT_EQ(span["input.mime_type"], "application/json");
  EXPECT_EQ(span["output.value"], "o");
  EXPECT_EQ(span["output.mime_type"], "text/plain");
}

TEST_P(OtlpSpan, TellsInstructionsApartFromMessages) {
  const ReadSpan span = span_of(
      {.name = "n",
       .as_type = ObservationType::Generation,
       .input =
           Json::from_text(R"({"system":"be brief","messages":[{"role":"user","content":"hi"}]})")},
      with_content());
  EXPECT_EQ(span["gen_ai.system_instructions"], R"([{"type":"text","content":"be brief"}])");
  EXPECT_EQ(span["gen_ai.input.messages"],
            R"([{"role":"user","parts":[{"type":"text","content":"hi"}]}])");
}

// An observation's own metadata has names by the conventions; a trace's has none, and all is sent.
TEST_P(OtlpSpan, SendsAllMetadataOfATrace) {
  const OtlpExporter listening(config());
  const auto trace = propagate(
      {.metadata = {{"agent_id", "a"}, {"response_id", "r"}, {"gen_ai.x", 1}, {"tools", "t"}}});
  const ReadSpan with = span_of({.name = "n"}, with_content());

  EXPECT_EQ(with["llmtrace.trace.metadata.agent_id"], "a");
  EXPECT_EQ(with["llmtrace.trace.metadata.response_id"], "r");
  EXPECT_EQ(with["llmtrace.trace.metadata.gen_ai.x"], "1");
  EXPECT_EQ(with["llmtrace.trace.metadata.tools"], "t");
  EXPECT_FALSE(span_of({.name = "n"}).has("llmtrace.trace.metadata.tools")) << "content";
}

TEST_P(OtlpSpan, SpeaksOlderConventionsWhenToldTo) {
  OtlpConfig old = with_content();
  old.conventions = GenAiConventions::V1_36;
  const ReadSpan span = span_of({.name = "n",
                                 .as_type = ObservationType::Generation,
                                 .input = {{"system", "be brief"}, {"prompt", "why?"}},
                                 .output = "because",
                                 .metadata = {{"agent_id", "a"}, {"agent_version", "7"}},
                                 .model = "m",
                                 .provider = "openai",
                                 .model_parameters = {{"stream", true}},
                                 .usage_details = {{"input", 1}, {"input_cached_tokens", 1}}},
                                old);

  EXPECT_EQ(span["gen_ai.system"], "openai");
  EXPECT_FALSE(span.has("gen_ai.provider.name"));
  EXPECT_TRUE(span.has("gen_ai.prompt"));
  EXPECT_EQ(span["llmtrace.system_instructions"], R"([{"type":"text","content":"be brief"}])");
  EXPECT_EQ(span["gen_ai.agent.id"], "a");
  EXPECT_EQ(span["llmtrace.metadata.agent_version"], "7") << "the version has no name for it";
  EXPECT_TRUE(span.has("gen_ai.completion"));
  EXPECT_FALSE(span.has("gen_ai.input.messages"));
  EXPECT_EQ(span["gen_ai.usage.input_tokens"], "2");
  EXPECT_FALSE(span.has("gen_ai.usage.cache_read.input_tokens"));
  EXPECT_EQ(span["llmtrace.request.stream"], "true");
  EXPECT_FALSE(span.has("")) << "what the version has no name for is left out";

  const ReadSpan tool =
      span_of({.name = "t", .as_type = ObservationType::Tool, .input = {{"q", 1}}}, old);
  EXPECT_EQ(tool["input.value"], R"({"q":1})");
}

std::string error_type_said_of(const char* status_message) {
  Record record;
  record.level = Level::Error;
  record.status_message = status_message;
  return std::string(error_type_of(record));
}

TEST_P(OtlpSpan, TellsAnErrorAsStatusAttributeAndEvent) {
  OtlpExporter exporter(config());
  exporter.start_observation({.name = "bad"})
      .end({.level = Level::Error, .status_message = "std::runtime_error: no route"});
  exporter.start_observation({.name = "plain"})
      .end({.level = Level::Error, .status_message = "it broke"});
  EXPECT_EQ(error_type_said_of("(anonymous namespace)::Timeout: late"),
            "(anonymous namespace)::Timeout");
  EXPECT_EQ(error_type_said_of("Error<int, long>: late"), "Error<int, long>");
  EXPECT_EQ(error_type_said_of("no route (to host): late"), "_OTHER");
  EXPECT_EQ(error_type_said_of("connect(10.0.0.7 attempt 17): refused"), "_OTHER");
  EXPECT_EQ(error_type_said_of("limit<5 tokens for user ada: refused"), "_OTHER");
  EXPECT_EQ(error_type_said_of("a>b: refused"), "_OTHER");
  exporter.start_observation({.name = "mute"}).end({.level = Level::Error});
  exporter.start_observation({.name = "warned"})
      .end({.level = Level::Warning, .status_message = "slow"});
  EXPECT_TRUE(exporter.flush(seconds(10)));

  const ReadExport read = spans();
  const ReadSpan& bad = read.named("bad");
  EXPECT_EQ(bad.status_code, 2);
  EXPECT_EQ(bad.status_message, "std::runtime_error: no route");
  EXPECT_EQ(bad["error.type"], "std::runtime_error");
  EXPECT_EQ(bad["llmtrace.observation.level"], "ERROR");
  ASSERT_EQ(bad.events.size(), 1U);
  EXPECT_EQ(bad.events[0].name, "exception");
  EXPECT_EQ(bad.events[0].time, bad.end);
  EXPECT_EQ(bad.events[0].attributes, (Attributes{{"exception.type", "std::runtime_error"},
                                                  {"exception.message", "no route"}}));
  EXPECT_EQ(read.named("plain")["error.type"], "_OTHER");
  EXPECT_EQ(read.named("plain").events.at(0).attributes.at("exception.message"), "it broke");
  EXPECT_EQ(read.named("mute")["error.type"], "_OTHER");
  EXPECT_TRUE(read.named("mute").events.empty());
  EXPECT_EQ(read.named("warned").status_code, 0);
  EXPECT_EQ(read.named("warned")["llmtrace.observation.status_message"], "slow");
  EXPECT_FALSE(read.named("warned").has("error.type"));
}

TEST_P(OtlpSpan, RepeatsWhatIsSaidOfTheTrace) {
  OtlpExporter exporter(config());
  {
    const auto scope = propagate({.user_id = "u-1",
                                  .session_id = "s-1",
                                  .metadata = {{"team", "search"}},
                                  .version = "v1",
                                  .tags = {"prod", "beta"},
                                  .trace_name = "rag",
                                  .environment = "staging",
                                  .prompt = {.name = "qa", .version = 3}});
    exporter.start_observation({.name = "n", .as_type = ObservationType::Generation}).end();
  }
  EXPECT_TRUE(exporter.flush(seconds(10)));

  const ReadSpan span = spans().spans.at(0);
  EXPECT_EQ(span["user.id"], "u-1");
  EXPECT_EQ(span["gen_ai.conversation.id"], "s-1");
  EXPECT_EQ(span["session.id"], "s-1");
  EXPECT_EQ(span["llmtrace.tags"], "[prod,beta]");
  EXPECT_EQ(span["llmtrace.version"], "v1");
  EXPECT_EQ(span["llmtrace.trace.name"], "rag");
  EXPECT_EQ(span["llmtrace.trace.metadata.team"], "search");
  EXPECT_EQ(span["deployment.environment.name"], "staging");
  EXPECT_EQ(span["llmtrace.prompt.name"], "qa");
  EXPECT_EQ(span["llmtrace.prompt.version"], "3");
}

}  // namespace
}  // namespace llmtrace::tests
