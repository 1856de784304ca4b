// Which attribute of a span becomes which field of an observation.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/collector/otlp_bodies.h"
#include "tests/collector/running_collector.h"

namespace llmtrace::collector::testing {
namespace {

JsonValue stored(const Export& data) {
  const RunningCollector server;
  const Reply reply = server.client.send({.method = "POST",
                                          .path = kOtlpPath,
                                          .body = protobuf_body(data),
                                          .headers = {"Content-Type: application/x-protobuf"}});
  EXPECT_EQ(reply.status, 200) << reply.body;
  return server.observation(kTraceId);
}

JsonValue stored(Attributes attributes) {
  return stored(Export{.spans = {{.attributes = std::move(attributes)}}});
}

std::string text(const char* value) { return value; }

TEST(ObservationType, TakesTheTenLowerCaseNames) {
  const std::vector<std::pair<const char*, const char*>> types = {
      {"span", "SPAN"},           {"generation", "GENERATION"}, {"event", "EVENT"},
      {"embedding", "EMBEDDING"}, {"agent", "AGENT"},           {"tool", "TOOL"},
      {"chain", "CHAIN"},         {"retriever", "RETRIEVER"},   {"guardrail", "GUARDRAIL"},
      {"evaluator", "EVALUATOR"}};
  for (const auto& [given, type] : types) {
    EXPECT_EQ(stored({{"langfuse.observation.type", text(given)}})["type"].as_string(), type);
  }
}

TEST(ObservationType, IgnoresUpperCaseNames) {
  const JsonValue plain = stored({{"langfuse.observation.type", text("GENERATION")}});
  const JsonValue with_operation = stored({{"langfuse.observation.type", text("AGENT")},
                                           {"gen_ai.operation.name", text("execute_tool")}});

  EXPECT_EQ(plain["type"].as_string(), "SPAN");
  EXPECT_EQ(with_operation["type"].as_string(), "TOOL");
}

TEST(ObservationType, FollowsTheOrderOfTheDialects) {
  const JsonValue own = stored(
      {{"langfuse.observation.type", text("chain")}, {"openinference.span.kind", text("LLM")}});
  const JsonValue open_inference = stored(
      {{"openinference.span.kind", text("LLM")}, {"gen_ai.operation.name", text("embeddings")}});
  const JsonValue gen_ai =
      stored({{"gen_ai.operation.name", text("embeddings")}, {"gen_ai.tool.name", text("t")}});
  const JsonValue tool = stored({{"gen_ai.tool.call.id", text("1")}, {"model", text("m")}});

  EXPECT_EQ(own["type"].as_string(), "CHAIN");
  EXPECT_EQ(open_inference["type"].as_string(), "GENERATION");
  EXPECT_EQ(gen_ai["type"].as_string(), "EMBEDDING");
  EXPECT_EQ(tool["type"].as_string(), "TOOL");
}

TEST(ObservationType, AModelMakesAGeneration) {
  EXPECT_EQ(stored({{"gen_ai.request.model", text("m")}})["type"].as_string(), "GENERATION");
}

TEST(Attributes, FillTheTraceContext) {
  const JsonValue row = stored({{"langfuse.trace.name", text("rag")},
                                {"user.id", text("u-1")},
                                {"session.id", text("s-1")},
                                {"langfuse.trace.public", true},
                                {"langfuse.release", text("r-1")},
                                {"langfuse.version", text("v-1")},
                                {"langfuse.environment", text("staging")}});

  EXPECT_EQ(row["traceName"].as_string(), "rag");
  EXPECT_EQ(row["userId"].as_string(), "u-1");
  EXPECT_EQ(row["sessionId"].as_string(), "s-1");
  EXPECT_TRUE(row["public"].as_bool());
  EXPECT_EQ(row["release"].as_string(), "r-1");
  EXPECT_EQ(row["version"].as_string(), "v-1");
  EXPECT_EQ(row["environment"].as_string(), "staging");
}

TEST(Attributes, TheLangfuseSpellingWins) {
  const JsonValue row = stored({{"user.id", text("u-1")},
                                {"langfuse.user.id", text("u-2")},
                                {"gen_ai.conversation.id", text("s-0")},
                                {"session.id", text("s-1")},
                                {"langfuse.session.id", text("s-2")}});

  EXPECT_EQ(row["userId"].as_string(), "u-2");
  EXPECT_EQ(row["sessionId"].as_string(), "s-2");
}

TEST(Attributes, TheConversationIsTheSession) {
  EXPECT_EQ(stored({{"gen_ai.conversation.id", text("c")}})["sessionId"].as_string(), "c");
}

TEST(Attributes, TheResourceGivesEnvironmentReleaseAndVersion) {
  const JsonValue row = stored(Export{.spans = {Span{}},
                                      .resource = {{"deployment.environment", text("Prod")},
                                                   {"langfuse.release", text("r-2")},
                                                   {"service.version", text("1.2.3")}}});

  EXPECT_EQ(row["environment"].as_string(), "prod");
  EXPECT_EQ(row["release"].as_string(), "r-2");
  EXPECT_EQ(row["version"].as_string(), "1.2.3");
}

TEST(Attributes, TagsComeAsArrayJsonTextOrCommaList) {
  const std::vector<Value> spellings = {std::vector<std::string>{"a", "b"},
                                        std::string(R"(["a","b"])"), std::string("a, b")};
  for (const Value& tags : spellings) {
    EXPECT_EQ(stored({{"langfuse.trace.tags", tags}})["tags"].to_text(), R"(["a","b"])");
  }
}

TEST(Attributes, InputAndOutputStayRawText) {
  const JsonValue row = stored({{"langfuse.observation.input", text(R"({"q":[1,2]})")},
                                {"langfuse.observation.output", text("plain")}});

  EXPECT_EQ(row["input"].as_string(), R"({"q":[1,2]})");
  EXPECT_EQ(row["output"].as_string(), "plain");
}

TEST(Attributes, TraceInputServesTheRootAlone) {
  const Attributes attributes = {{"langfuse.trace.input", text("q")},
                                 {"langfuse.trace.output", text("a")}};

  const JsonValue root = stored(attributes);
  const JsonValue child =
      stored(Export{.spans = {{.parent_id = "00000000000000ff", .attributes = attributes}}});

  EXPECT_EQ(root["input"].as_string(), "q");
  EXPECT_EQ(root["output"].as_string(), "a");
  EXPECT_TRUE(child["input"].is_null());
}

TEST(Attributes, OtherDialectsGiveInputAndOutput) {
  const JsonValue open_inference =
      stored({{"input.value", text("i")}, {"output.value", text("o")}});
  const JsonValue gen_ai = stored({{"gen_ai.input.messages", text(R"([{"role":"user"}])")},
                                   {"gen_ai.system_instructions", text(R"([{"type":"text"}])")},
                                   {"gen_ai.output.messages", text("[]")}});
  const JsonValue tool =
      stored({{"gen_ai.tool.call.arguments", text("{}")}, {"gen_ai.tool.call.result", text("r")}});

  EXPECT_EQ(open_inference["input"].as_string(), "i");
  EXPECT_EQ(open_inference["output"].as_string(), "o");
  EXPECT_EQ(gen_ai["input"].as_string(),
            R"([{"role":"system","content":[{"type":"text"}]},{"role":"user"}])");
  EXPECT_EQ(gen_ai["output"].as_string(), "[]");
  EXPECT_EQ(tool["input"].as_string(), "{}");
  EXPECT_EQ(tool["output"].as_string(), "r");
}

TEST(Attributes, MetadataComesByKey) {
  const JsonValue row = stored({{"langfuse.observation.metadata.count", std::int64_t{3}},
                                {"langfuse.observation.metadata.who", text("me")},
                                {"langfuse.observation.metadata.nested", text(R"({"a":1})")},
                                {"langfuse.trace.metadata.tier", text("gold")}});

  EXPECT_EQ(row["metadata"]["count"].as_integer(), 3);
  EXPECT_EQ(row["metadata"]["who"].as_string(), "me");
  EXPECT_EQ(row["metadata"]["nested"]["a"].as_integer(), 1);
  EXPECT_EQ(row["metadata"]["tier"].as_string(), "gold");
}

TEST(Attributes, BareMetadataMustBeAnObject) {
  const JsonValue object = stored({{"langfuse.observation.metadata", text(R"({"k":"v"})")}});
  const JsonValue list = stored({{"langfuse.observation.metadata", text("[1]")}});

  EXPECT_EQ(object["metadata"]["k"].as_string(), "v");
  EXPECT_EQ(list["metadata"].members().size(), 1U);  // the scope
}

TEST(Attributes, UnmappedOnesOfOtherScopesGoIntoMetadata) {
  const Attributes attributes = {{"http.route", text("/x")}, {"user.id", text("u")}};

  const JsonValue foreign =
      stored(Export{.spans = {{.attributes = attributes}}, .scope_name = "other"});
  const JsonValue own =
      stored(Export{.spans = {{.attributes = attributes}}, .scope_name = "langfuse-sdk-cpp"});

  EXPECT_EQ(foreign["metadata"]["attributes"].to_text(), R"({"http.route":"/x"})");
  EXPECT_EQ(own["metadata"].find("attributes"), nullptr);
}

TEST(Attributes, LevelsMapByTheTable) {
  const std::vector<std::pair<const char*, const char*>> levels = {
      {"TRACE", "DEBUG"},     {"VERBOSE", "DEBUG"}, {"DEBUG", "DEBUG"}, {"INFO", "DEFAULT"},
      {"SUCCESS", "DEFAULT"}, {"WARN", "WARNING"},  {"FATAL", "ERROR"}, {"CRITICAL", "ERROR"}};
  for (const auto& [given, level] : levels) {
    EXPECT_EQ(stored({{"langfuse.observation.level", text(given)}})["level"].as_string(), level);
  }
}

TEST(Attributes, TheSpanStatusStandsInForLevelAndMessage) {
  const JsonValue failed =
      stored(Export{.spans = {{.status_code = 2, .status_message = "timed out"}}});
  const JsonValue fine = stored(Attributes{});
  const JsonValue given =
      stored(Export{.spans = {{.attributes = {{"langfuse.observation.level", text("WARNING")},
                                              {"langfuse.observation.status_message", text("m")}},
                               .status_code = 2,
                               .status_message = "timed out"}}});

  EXPECT_EQ(failed["level"].as_string(), "ERROR");
  EXPECT_EQ(failed["statusMessage"].as_string(), "timed out");
  EXPECT_EQ(fine["level"].as_string(), "DEFAULT");
  EXPECT_EQ(given["level"].as_string(), "WARNING");
  EXPECT_EQ(given["statusMessage"].as_string(), "m");
}

TEST(Attributes, CompletionStartTimeMayBeQuoted) {
  for (const char* time : {"2023-11-14T22:13:20.623Z", "\"2023-11-14T22:13:20.623Z\""}) {
    const JsonValue row = stored({{"langfuse.observation.completion_start_time", text(time)}});
    EXPECT_EQ(row["completionStartTime"].as_string(), "2023-11-14T22:13:20.623Z");
    EXPECT_EQ(row["timeToFirstToken"].as_double(), 0.5);
  }
}

TEST(Attributes, FillTheModel) {
  const JsonValue row =
      stored({{"langfuse.observation.model.name", text("gpt-4o-mini")},
              {"gen_ai.response.model", text("other")},
              {"langfuse.observation.model.parameters",
               text(R"({"temperature":0.2,"stop":["a"],"mode":"x","stream":true})")}});

  EXPECT_EQ(row["providedModelName"].as_string(), "gpt-4o-mini");
  EXPECT_EQ(row["modelParameters"].to_text(),
            R"({"temperature":0.2,"stop":"[\"a\"]","mode":"x","stream":"true"})");
}

TEST(Attributes, GenAiRequestGivesParameters) {
  const JsonValue row = stored({{"gen_ai.request.model", text("m")},
                                {"gen_ai.request.temperature", 0.5},
                                {"gen_ai.request.max_tokens", std::int64_t{9}}});

  EXPECT_EQ(row["providedModelName"].as_string(), "m");
  EXPECT_EQ(row["modelParameters"].to_text(), R"({"max_tokens":9,"temperature":0.5})");
}

TEST(Attributes, FillUsageAndCost) {
  const JsonValue row =
      stored({{"langfuse.observation.usage_details", text(R"({"input":10,"output":5})")},
              {"langfuse.observation.cost_details", text(R"({"input":0.25,"output":0.5})")}});

  EXPECT_EQ(row["usageDetails"].to_text(), R"({"input":10,"output":5,"total":15})");
  EXPECT_EQ(row["costDetails"]["total"].as_double(), 0.75);
  EXPECT_EQ(row["totalCost"].as_double(), 0.75);
}

TEST(Attributes, CostTotalsOnlyInputAndOutput) {
  const JsonValue row = stored({{"langfuse.observation.cost_details", text(R"({"audio":1})")}});

  EXPECT_EQ(row["costDetails"].to_text(), R"({"audio":1})");
  EXPECT_TRUE(row["totalCost"].is_null());
}

TEST(Attributes, GenAiUsageIsMadeAdditive) {
  const JsonValue row = stored({{"gen_ai.usage.input_tokens", std::int64_t{100}},
                                {"gen_ai.usage.cache_read.input_tokens", std::int64_t{30}},
                                {"gen_ai.usage.cache_creation.input_tokens", std::int64_t{20}},
                                {"gen_ai.usage.output_tokens", std::int64_t{40}},
                                {"gen_ai.usage.reasoning.output_tokens", std::int64_t{15}},
                                {"gen_ai.usage.cost", 0.25}});

  EXPECT_EQ(row["usageDetails"]["input"].as_integer(), 50);
  EXPECT_EQ(row["usageDetails"]["input_cached_tokens"].as_integer(), 30);
  EXPECT_EQ(row["usageDetails"]["input_cache_creation"].as_integer(), 20);
  EXPECT_EQ(row["usageDetails"]["output"].as_integer(), 25);
  EXPECT_EQ(row["usageDetails"]["output_reasoning_tokens"].as_integer(), 15);
  EXPECT_EQ(row["usageDetails"]["total"].as_integer(), 140);
  EXPECT_EQ(row["costDetails"]["total"].as_double(), 0.25);
}

TEST(Attributes, AgentOperationsCountNothingTwice) {
  const JsonValue row = stored({{"gen_ai.operation.name", text("invoke_agent")},
                                {"gen_ai.request.model", text("m")},
                                {"gen_ai.usage.input_tokens", std::int64_t{100}},
                                {"gen_ai.usage.cost", 1.0}});

  EXPECT_EQ(row["type"].as_string(), "AGENT");
  EXPECT_TRUE(row["providedModelName"].is_null());
  EXPECT_TRUE(row["usageDetails"].members().empty());
  EXPECT_TRUE(row["costDetails"].members().empty());
}

TEST(Attributes, PromptsAreLinkedToGenerationsOnly) {
  const Attributes prompt = {{"langfuse.observation.prompt.name", text("qa")},
                             {"langfuse.observation.prompt.version", std::int64_t{4}}};
  Attributes with_type = prompt;
  with_type.emplace_back("langfuse.observation.type", text("generation"));

  const JsonValue generation = stored(with_type);
  const JsonValue span = stored(prompt);

  EXPECT_EQ(generation["promptName"].as_string(), "qa");
  EXPECT_EQ(generation["promptVersion"].as_integer(), 4);
  EXPECT_TRUE(span["promptName"].is_null());
}

TEST(Attributes, AnAppRootIsARootThoughItHasAParent) {
  const JsonValue root =
      stored(Export{.spans = {{.parent_id = "00000000000000ff",
                               .attributes = {{"langfuse.internal.is_app_root", true}}}}});
  const JsonValue child = stored(Export{.spans = {{.parent_id = "00000000000000ff"}}});

  EXPECT_TRUE(root["isRootObservation"].as_bool());
  EXPECT_EQ(root["parentObservationId"].as_string(), "00000000000000ff");
  EXPECT_FALSE(child["isRootObservation"].as_bool());
}

TEST(Attributes, FrameworkNamesOverrideTheSpanName) {
  EXPECT_EQ(stored({{"gen_ai.tool.name", text("search")}})["name"].as_string(), "search");
  EXPECT_EQ(stored({{"ai.telemetry.functionId", text("fn")}})["name"].as_string(), "fn");
}

TEST(Attributes, PrototypeKeysAreDropped) {
  const JsonValue row = stored({{"langfuse.observation.metadata.__proto__.x", text("1")},
                                {"langfuse.observation.metadata.constructor", text("1")},
                                {"langfuse.observation.metadata.kept", text("yes")}});

  EXPECT_EQ(row["metadata"]["kept"].as_string(), "yes");
  EXPECT_EQ(row["metadata"].members().size(), 2U);  // and the scope
}

TEST(Attributes, StructuredValuesBecomeTheirJsonText) {
  std::string bytes_value = "\x3a\x02hi";  // AnyValue.bytesValue
  std::string empty_array("\x2a\x00", 2);  // AnyValue.arrayValue without elements
  const auto metadata_value = [](const std::string& any) {
    const RunningCollector server;
    server.client.send({.method = "POST",
                        .path = kOtlpPath,
                        .body = protobuf_body_with_raw_value("langfuse.observation.input", any),
                        .headers = {"Content-Type: application/x-protobuf"}});
    return server.observation(kTraceId)["input"].as_string();
  };

  EXPECT_EQ(metadata_value(bytes_value), R"({"bytesValue":"aGk"})");
  EXPECT_EQ(metadata_value(empty_array), R"({"arrayValue":{}})");
}

TEST(Attributes, NanStaysAString) {
  const JsonValue row = stored({{"langfuse.observation.metadata.loss", std::nan("")}});

  EXPECT_EQ(row["metadata"]["loss"].as_string(), "NaN");
}

TEST(Attributes, EnvironmentIsSanitised) {
  const std::vector<std::pair<std::string, const char*>> names = {
      {"Prod", "prod"},
      {"langfuse-langfuse_x", "x"},
      {"a b", "default"},
      {"langfuse-", "default"},
      {std::string(50, 'e'), "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"}};
  for (const auto& [given, kept] : names) {
    EXPECT_EQ(stored({{"langfuse.environment", given}})["environment"].as_string(), kept);
  }
}

}  // namespace
}  // namespace llmtrace::collector::testing
