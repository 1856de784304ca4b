// What a run looks like on the wire: its place in the tree, its fields, its parts.
#include <gtest/gtest.h>
#include <llmtrace/observe.h>
#include <llmtrace/propagation.h>
#include <rapidcheck/gtest.h>

#include "common/src/cell.h"
#include "common/src/time_text.h"
#include "langsmith/src/run_fields.h"
#include "tests/langsmith/langsmith_fixture.h"

namespace langsmith::testing {
namespace {

using llmtrace::Json;

class RunWireTest : public LangsmithTest {
 protected:
  SentRun sent_of(RunParams params, RunUpdate end = {}) {
    Client client(config());
    client.start_run(std::move(params)).end(std::move(end));
    EXPECT_TRUE(client.flush(seconds(10)));
    return only_run();
  }
};

std::string segment(llmtrace::Timestamp start, const std::string& id) {
  std::string time;
  llmtrace::append_rfc3339(time, start);
  std::erase_if(time, [](char c) { return c == '-' || c == ':' || c == '.'; });
  return time + id;
}

TEST_F(RunWireTest, ARunIsOneMainPartAndTheFieldsOutOfBandInOrder) {
  Client client(config());
  const langsmith::Run run =
      client.start_run({.name = "rag",
                        .run_type = RunType::Llm,
                        .inputs = {{"question", "why\r\n--x"}},
                        .serialized = {{"name", "gpt"}},
                        .attachments = {{"page", "image/png", std::string("\0\r\n--", 5)}}});
  run.add_event("retry", {{"n", 1}});
  run.end({.outputs = {{"answer", "so"}}, .error = "boom \"x\"", .metadata = {{"k", "v"}}});
  EXPECT_TRUE(client.flush(seconds(10)));

  const auto requests = requests_to("/runs/multipart");
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].header("x-api-key"), "lsv2_pt_canary_1234");
  EXPECT_EQ(requests[0].header("Accept"), "application/json");
  const ReadMultipart body = read_multipart(requests[0].header("Content-Type"), requests[0].body);
  ASSERT_EQ(body.problem, "");
  const std::string post = "post." + run.id();
  std::vector<std::string> names;
  for (const ReadPart& part : body.parts) names.push_back(part.name);
  EXPECT_EQ(names, (std::vector<std::string>{
                       post, post + ".inputs", post + ".outputs", post + ".events", post + ".extra",
                       post + ".error", post + ".serialized", "attachment." + run.id() + ".page"}));
  EXPECT_EQ(body.find(post + ".error")->data, R"("boom \"x\"")");
  EXPECT_EQ(body.parts.back().content_type, "image/png");
  EXPECT_EQ(body.parts.back().data, std::string("\0\r\n--", 5));
  const JsonValue main = parsed(body.parts[0].data);
  for (const char* field : {"inputs", "outputs", "events", "extra", "error", "serialized"}) {
    EXPECT_EQ(main.find(field), nullptr) << field;
  }
  EXPECT_EQ(main["id"].as_string(), run.id());
  EXPECT_EQ(main["name"].as_string(), "rag");
  EXPECT_EQ(main["run_type"].as_string(), "llm");
  EXPECT_EQ(main["session_name"].as_string(), "demo");
}

TEST_F(RunWireTest, TheDottedOrderIsExact) {
  Client client(config());
  const langsmith::Run root = client.start_run({.name = "root"});
  clock->advance(milliseconds(12));
  const langsmith::Run child = root.start_run({.name = "child"});
  const langsmith::Run grandchild = child.start_run({.name = "grandchild"});
  const llmtrace::Timestamp start = child.observation().cell()->record.start_time;
  grandchild.end();
  child.end();
  root.end();
  EXPECT_TRUE(client.flush(seconds(10)));

  const auto runs = sent();
  const std::string first = "20261116T080000000000Z" + root.id();
  EXPECT_EQ(named(runs, "root").main["dotted_order"].as_string(), first);
  EXPECT_EQ(named(runs, "root").main["trace_id"].as_string(), root.id());
  EXPECT_EQ(named(runs, "root").main.find("parent_run_id"), nullptr);
  const std::string second = first + ".20261116T080000012000Z" + child.id();
  EXPECT_EQ(named(runs, "child").main["dotted_order"].as_string(), second);
  EXPECT_EQ(child.dotted_order(), second);
  EXPECT_EQ(named(runs, "child").main["parent_run_id"].as_string(), root.id());
  EXPECT_EQ(named(runs, "child").main["start_time"].as_string(), "2026-11-16T08:00:00.012000Z");
  const SentRun last = named(runs, "grandchild");
  EXPECT_EQ(last.main["dotted_order"].as_string(), second + "." + segment(start, grandchild.id()));
  EXPECT_EQ(last.main["trace_id"].as_string(), root.id());
  EXPECT_EQ(last.main["parent_run_id"].as_string(), child.id());
}

TEST_F(RunWireTest, TheIdTellsTheStartTime) {
  const llmtrace::Timestamp given = clock->now() - hours(5) + std::chrono::microseconds(1'234'567);
  const SentRun run = sent_of({.name = "x", .start_time = given});
  const std::string digits = run.id.substr(0, 8) + run.id.substr(9, 4);
  EXPECT_EQ(std::stoll(digits, nullptr, 16),
            std::chrono::floor<milliseconds>(given.time_since_epoch()).count());
  EXPECT_EQ(run.id[14], '7');
}

TEST_F(RunWireTest, AChildNeverStartsBeforeItsParent) {
  Client client(config());
  const langsmith::Run root = client.start_run({.name = "root"});
  const langsmith::Run given =
      root.start_run({.name = "given", .start_time = clock->now() - hours(1)});
  clock->jump_wall(-seconds(30));
  const langsmith::Run jumped = root.start_run({.name = "jumped"});
  jumped.end();
  given.end();
  root.end();
  EXPECT_TRUE(client.flush(seconds(10)));

  const std::string start = named(sent(), "root").main["start_time"].as_string();
  for (const char* name : {"given", "jumped"}) {
    const SentRun run = named(sent(), name);
    EXPECT_EQ(run.main["start_time"].as_string(), start) << name;
    EXPECT_LE(run.main["start_time"].as_string(), run.main["end_time"].as_string());
    const std::string digits = run.id.substr(0, 8) + run.id.substr(9, 4);
    EXPECT_EQ(digits, root.id().substr(0, 8) + root.id().substr(9, 4)) << "its id has that time";
  }
}

TEST_F(RunWireTest, ANamelessRunIsUnnamed) {
  EXPECT_EQ(sent_of({}).main["name"].as_string(), "unnamed");
}

TEST_F(RunWireTest, WhatIsNoObjectIsWrapped) {
  const SentRun run = sent_of({.name = "x", .inputs = "text"}, {.outputs = {1, 2}});
  EXPECT_EQ(run["inputs"].to_text(), R"({"input":"text"})");
  EXPECT_EQ(run["outputs"].to_text(), R"({"output":[1,2]})");
}

TEST_F(RunWireTest, WithoutOutputsThereIsNoSuchPart) {
  const SentRun run = sent_of({.name = "x"});
  EXPECT_EQ(run.fields.count("outputs"), 0U);
  EXPECT_EQ(run.fields.count("error"), 0U);
  EXPECT_EQ(run.fields.count("serialized"), 0U);
}

TEST_F(RunWireTest, UsageIsInclusive) {
  const SentRun run =
      sent_of({.name = "x", .run_type = RunType::Llm},
              {.usage_metadata = {.input_tokens = 100,
                                  .output_tokens = 50,
                                  .input_token_details = {.audio = 5, .cache_read = 30},
                                  .output_token_details = {.reasoning = 20},
                                  .total_cost = 0.25}});
  EXPECT_EQ(run.metadata()["usage_metadata"].to_text(),
            R"({"input_tokens":100,"output_tokens":50,"total_tokens":150,)"
            R"("input_token_details":{"audio":5,"cache_read":30},)"
            R"("output_token_details":{"reasoning":20},"total_cost":0.25})");
}

TEST_F(RunWireTest, AWholeCountReplacesItsDetails) {
  Client client(config());
  const langsmith::Run run = client.start_run({.name = "x", .run_type = RunType::Llm});
  run.set_usage({.input_tokens = 100,
                 .output_tokens = 50,
                 .input_token_details = {.audio = 5, .cache_creation = 7, .cache_read = 30},
                 .output_token_details = {.audio = 3, .reasoning = 20}});
  run.set_usage({.input_tokens = 150, .input_token_details = {.cache_read = 10}});
  run.end({.usage_metadata = {.output_tokens = 60}});
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(only_run().metadata()["usage_metadata"].to_text(),
            R"({"input_tokens":150,"output_tokens":60,"total_tokens":210,)"
            R"("input_token_details":{"cache_read":10}})");
}

TEST_F(RunWireTest, ALongNameIsCutAndToldInFull) {
  std::string longest;
  for (int i = 0; i < 128; ++i) longest += "ü";
  for (const bool hidden : {false, true}) {
    Config own = config();
    own.hide_metadata = hidden;
    Client client(own);
    client.start_run({.name = longest}).end();
    client.start_run({.name = longest + "x"}).end();
    EXPECT_TRUE(client.flush(seconds(10)));
    const SentRun fitting = sent().at(hidden ? 2 : 0);
    EXPECT_EQ(fitting.main["name"].as_string(), longest);
    EXPECT_TRUE(fitting.metadata()["full_name"].is_null());
    const SentRun cut = sent().at(hidden ? 3 : 1);
    EXPECT_EQ(cut.main["name"].as_string(), longest);
    EXPECT_EQ(cut.metadata()["full_name"].as_string(), hidden ? "" : longest + "x");
  }
}

TEST_F(RunWireTest, ANameOfAnyBytesIsCutToWhatTheServerCounts) {
  const SentRun run = sent_of({.name = std::string(500, '\xBF')});
  const std::string& name = run.main["name"].as_string();
  EXPECT_EQ(name.size(), 128U * 3) << "U+FFFD for each of them";
}

TEST_F(RunWireTest, TheRevisionIsMetadataOfEveryRun) {
  environment.set("LANGSMITH_REVISION_ID", "rev-1");
  EXPECT_EQ(sent_of({.name = "x"}).metadata()["revision_id"].as_string(), "rev-1");
}

TEST_F(RunWireTest, AdditiveUsageOfObserveBecomesInclusive) {
  Client client(config());
  llmtrace::start_observation({.name = "x",
                               .as_type = llmtrace::ObservationType::Generation,
                               .usage_details = {{"input", 70},
                                                 {"input_cached_tokens", 30},
                                                 {"output", 10},
                                                 {"output_reasoning_tokens", 5}}})
      .end();
  EXPECT_TRUE(client.flush(seconds(10)));
  const JsonValue usage = only_run().metadata()["usage_metadata"];
  EXPECT_EQ(usage["input_tokens"].as_integer(), 100);
  EXPECT_EQ(usage["output_tokens"].as_integer(), 15);
  EXPECT_EQ(usage["total_tokens"].as_integer(), 115);
  EXPECT_EQ(usage["input_token_details"]["cache_read"].as_integer(), 30);
}

RC_GTEST_PROP(UsageMapping, ThereAndBackIsTheSame, ()) {
  const auto count = [] { return *rc::gen::inRange<std::int64_t>(1, 1'000'000'000); };
  const std::int64_t read = count(), creation = count(), audio = count(), reasoning = count();
  UsageMetadata usage{.input_tokens = read + creation + audio + count(),
                      .output_tokens = reasoning + count()};
  usage.input_token_details = {.audio = audio, .cache_creation = creation, .cache_read = read};
  usage.output_token_details.reasoning = reasoning;
  llmtrace::Record record;
  record.usage_details = usage_details(usage);
  std::uint64_t invalid = 0;
  const JsonValue result = parsed(usage_metadata(record, invalid));
  RC_ASSERT(invalid == 0U);
  RC_ASSERT(result["input_tokens"].as_integer() == *usage.input_tokens);
  RC_ASSERT(result["output_tokens"].as_integer() == *usage.output_tokens);
  RC_ASSERT(result["total_tokens"].as_integer() == *usage.input_tokens + *usage.output_tokens);
  RC_ASSERT(result["input_token_details"]["cache_read"].as_integer() == read);
  RC_ASSERT(result["input_token_details"]["cache_creation"].as_integer() == creation);
  RC_ASSERT(result["input_token_details"]["audio"].as_integer() == audio);
  RC_ASSERT(result["output_token_details"]["reasoning"].as_integer() == reasoning);
}

TEST_F(RunWireTest, NegativeAndHugeCountsDoNoHarm) {
  Client client(config());
  const auto most = std::numeric_limits<std::int64_t>::max();
  client.start_run({.name = "huge"})
      .end({.usage_metadata = {.input_tokens = most, .output_tokens = most}});
  client.start_run({.name = "negative"}).end({.usage_metadata = {.input_tokens = -5}});
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(named(sent(), "huge").metadata()["usage_metadata"]["total_tokens"].as_integer(), most);
  EXPECT_EQ(named(sent(), "negative").fields.count("extra"), 0U);
  EXPECT_EQ(client.stats().invalid_numbers, 1U);
}

TEST_F(RunWireTest, MetadataTagsAndModel) {
  Client client(config());
  const auto scope = llmtrace::propagate(
      {.user_id = "u-1", .session_id = "s-1", .metadata = {{"team", "a"}}, .tags = {"prod"}});
  const langsmith::Run run = client.start_run(
      {.name = "x",
       .run_type = RunType::Llm,
       .metadata = {{"k", 1}},
       .tags = {"prod", "own"},
       .extra = {{"invocation_params", {{"n", 1}}}, {"metadata", {{"given", true}}}},
       .model = "gpt"});
  run.add_tags({"later", "own"});
  run.add_metadata({{"late", "yes"}});
  run.observation().update({.provider = "openai"});
  run.end();
  EXPECT_TRUE(client.flush(seconds(10)));
  const SentRun sent = only_run();
  EXPECT_EQ(sent.metadata()["ls_provider"].as_string(), "openai");
  EXPECT_EQ(sent.main["tags"].to_text(), R"(["prod","own","later"])");
  EXPECT_EQ(sent.metadata()["user_id"].as_string(), "u-1");
  EXPECT_EQ(sent.metadata()["session_id"].as_string(), "s-1");
  EXPECT_EQ(sent.metadata()["team"].as_string(), "a");
  EXPECT_EQ(sent.metadata()["k"].as_integer(), 1);
  EXPECT_EQ(sent.metadata()["late"].as_string(), "yes");
  EXPECT_TRUE(sent.metadata()["given"].as_bool());
  EXPECT_EQ(sent.metadata()["ls_model_name"].as_string(), "gpt");
  EXPECT_EQ(sent["extra"]["invocation_params"]["n"].as_integer(), 1);
  EXPECT_EQ(sent["extra"].find("runtime"), nullptr);
}

TEST_F(RunWireTest, TheFirstTokenIsAnEventOfLlmRunsAlone) {
  Client client(config());
  for (const RunType type : {RunType::Llm, RunType::Chain}) {
    const langsmith::Run run =
        client.start_run({.name = std::string(to_string(type)), .run_type = type});
    clock->advance(milliseconds(250));
    run.first_token();
    run.first_token();
    run.end();
  }
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(named(sent(), "llm")["events"].to_text(),
            R"([{"name":"new_token","time":"2026-11-16T08:00:00.250000Z"}])");
  EXPECT_EQ(named(sent(), "chain").fields.count("events"), 0U);
}

// Tokens are pieces of the output: they passed by what hides and masks that.
TEST_F(RunWireTest, ATokenNeverGoesAlongAsAnEvent_GHSA_rr7j_v2q5_chgv) {
  for (const bool hidden : {false, true}) {
    Config own = config();
    own.hide_outputs = hidden;
    Client client(own);
    const langsmith::Run run = client.start_run({.name = "x", .run_type = RunType::Llm});
    run.add_event("new_token", {{"token", "canary"}});
    run.add_event("retry", {{"answer", "so far"}});
    run.end();
    EXPECT_TRUE(client.flush(seconds(10)));
    const SentRun sent_run = sent().back();
    const auto& events = sent_run["events"].elements();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0]["name"].as_string(), "new_token");
    EXPECT_EQ(events[0].find("kwargs"), nullptr);
    EXPECT_EQ(events[1]["kwargs"]["answer"].as_string(), hidden ? "" : "so far");
  }
}

TEST_F(RunWireTest, SerializedIsKeptForLlmAndPromptOnly) {
  Client client(config());
  for (const RunType type : {RunType::Llm, RunType::Prompt, RunType::Chain, RunType::Tool}) {
    client
        .start_run(
            {.name = std::string(to_string(type)), .run_type = type, .serialized = {{"a", 1}}})
        .end();
  }
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(named(sent(), "llm")["serialized"].to_text(), R"({"a":1})");
  EXPECT_EQ(named(sent(), "prompt")["serialized"].to_text(), R"({"a":1})");
  EXPECT_EQ(named(sent(), "chain").fields.count("serialized"), 0U);
  EXPECT_EQ(named(sent(), "tool").fields.count("serialized"), 0U);
}

TEST_F(RunWireTest, AnAttachmentThatCannotStandInAHeaderIsLeftOut) {
  Client client(config());
  const langsmith::Run run = client.start_run({.name = "x"});
  for (const char* name : {"", "a.b", "a b", "a\"b", "a\\b", "a\r\nb", "a\x7f"}) {
    run.add_attachment({name, "text/plain", "bytes"});
  }
  run.add_attachment({"no-type", "", "bytes"});
  run.add_attachment({"bad-type", "text/plain\r\nX: y", "bytes"});
  run.add_attachment({"good", "text/plain", "/etc/passwd"});
  run.end();
  EXPECT_TRUE(client.flush(seconds(10)));
  const SentRun sent = only_run();
  ASSERT_EQ(sent.attachments.size(), 1U);
  EXPECT_EQ(sent.attachments.at("good").data, "/etc/passwd") << "bytes, never a file";
  EXPECT_EQ(log->count("an attachment is left out"), 1U) << "once a second";
}

TEST_F(RunWireTest, AttachmentsThatMakeARunTooLargeAreNamedInstead) {
  Client client(config());
  langsmith::Run run = client.start_run({.name = "x", .inputs = {{"a", 1}}});
  run.add_attachment({"small", "text/plain", "bytes"});
  run.add_attachment({"large", "application/octet-stream", std::string(16'000'000, 'x')});
  run.end();
  ASSERT_TRUE(client.flush(seconds(10)));

  const SentRun sent = only_run();
  EXPECT_EQ(sent.attachments.size(), 1U);
  EXPECT_EQ(sent.attachments.count("small"), 1U);
  EXPECT_EQ(sent.metadata()["attachments_left_out"].to_text(), R"(["large"])");
}

TEST_F(RunWireTest, WhatIsToBeHiddenIsHidden) {
  Config hiding = config();
  hiding.hide_inputs = hiding.hide_outputs = hiding.hide_metadata = true;
  Client client(hiding);
  const auto scope = llmtrace::propagate({.user_id = "canary", .metadata = {{"t", "canary"}}});
  client
      .start_run({.name = "x",
                  .inputs = {{"q", "canary"}},
                  .metadata = {{"m", "canary"}},
                  .extra = {{"metadata", {{"e", "canary"}}}, {"runtime", {{"r", 1}}}}})
      .end({.outputs = {{"a", "canary"}}, .usage_metadata = {.input_tokens = 3}});
  EXPECT_TRUE(client.flush(seconds(10)));
  const SentRun run = only_run();
  EXPECT_EQ(run["inputs"].to_text(), "{}");
  EXPECT_EQ(run["outputs"].to_text(), "{}");
  EXPECT_EQ(run.metadata()["usage_metadata"]["input_tokens"].as_integer(), 3);
  EXPECT_EQ(requests_to("/runs/multipart").at(0).body.find("canary"), std::string::npos);
}

TEST_F(RunWireTest, RuntimeMetadataIsOptInAndHasNoEnvironment) {
  environment.set("LANGSMITH_CANARY", "canary-value");
  Config telling = config();
  telling.runtime_metadata = true;
  Client client(telling);
  client.start_run({.name = "x"}).end();
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(only_run()["extra"]["runtime"]["sdk"].as_string(), "llmtrace");
  EXPECT_EQ(requests_to("/runs/multipart").at(0).body.find("canary"), std::string::npos);
}

void observed_below() { OBSERVE(); }

TEST_F(RunWireTest, ARunsProjectIsThatOfAllBelow) {
  Client client(config());
  langsmith::Run root = client.start_run({.name = "root", .project_name = "other"});
  root.start_run({.name = "child"}).end();
  {
    const auto scope = root.activate();
    observed_below();
  }
  root.start_run({.name = "third", .project_name = "third"}).end();
  root.end();
  EXPECT_TRUE(client.flush(seconds(10)));
  const langsmith::Run late =
      root.start_run({.name = "late"});  // the flusher has freed the root's payload
  late.end();
  EXPECT_TRUE(client.flush(seconds(10)));
  for (const char* name : {"root", "child", "observed_below", "late"}) {
    EXPECT_EQ(named(sent(), name).main["session_name"].as_string(), "other") << name;
  }
  EXPECT_EQ(named(sent(), "third").main["session_name"].as_string(), "third");
}

TEST_F(RunWireTest, AnIdFromOutsideIsMetadataOfARootOfItsOwn) {
  Client client(config());
  const std::string trace = "0af7651916cd43dd8448eb211c80319c";
  llmtrace::ContextScope scope(
      llmtrace::extract({{"traceparent", "00-" + trace + "-b7ad6b7169203331-01"}}));
  client.start_run({.name = "x"}).end();
  EXPECT_TRUE(client.flush(seconds(10)));
  const SentRun run = only_run();
  EXPECT_EQ(run.main["trace_id"].as_string(), run.id);
  EXPECT_EQ(run.main.find("parent_run_id"), nullptr);
  EXPECT_EQ(run.main["dotted_order"].as_string().find('.'), std::string::npos);
  EXPECT_EQ(run.metadata()["otel_trace_id"].as_string(), trace);
  EXPECT_EQ(run.metadata()["otel_parent_span_id"].as_string(), "b7ad6b7169203331");
}

TEST_F(RunWireTest, OtherTypesAreChainsThatTellTheirType) {
  Client client(config());
  llmtrace::start_observation({.name = "a", .as_type = llmtrace::ObservationType::Agent}).end();
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(only_run().main["run_type"].as_string(), "chain");
  EXPECT_EQ(only_run().metadata()["observation_type"].as_string(), "agent");
}

}  // namespace
}  // namespace langsmith::testing
