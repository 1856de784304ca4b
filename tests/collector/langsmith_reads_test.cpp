// What LangSmith's API gives out of runs and projects.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/collector/langsmith_client.h"
#include "tests/collector/otlp_bodies.h"

namespace llmtrace::collector::testing {
namespace {

std::string json_string(const std::string& text) { return '"' + text + '"'; }

// Ids and orders of the n-th root run, one second after the one before.
JsonObject numbered_post(int n) {
  const std::string two_digits = std::to_string(10 + n);
  const std::string id = "01890a5d-ac96-774b-bcce-b3020000" + two_digits + two_digits;
  return root_post()
      .with("id", json_string(id))
      .with("trace_id", json_string(id))
      .with("name", json_string("run " + std::to_string(n)))
      .with("start_time", json_string("2023-06-30T08:00:" + two_digits + "Z"))
      .with("dotted_order", json_string("20230630T0800" + two_digits + "000000Z" + id));
}

std::string names(const JsonValue& runs) {
  std::string text;
  for (const JsonValue& run : runs.elements()) {
    text += (text.empty() ? "" : ",") + run["name"].as_string();
  }
  return text;
}

struct Trace {
  Trace() : client(server) {
    client.post("/runs", root_post().text());
    client.post("/runs", child_post().text());
  }

  std::string query(const std::string& json) const {
    const Reply reply = client.post("/runs/query", json);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return names(reply.json()["runs"]);
  }

  RunningCollector server;
  LangSmithClient client;
};

TEST(RunReads, HaveTheMembersOfTheApi) {
  const Trace trace;
  const std::string session = trace.client.run(kRootId)["session_id"].as_string();

  const JsonValue run = trace.client.run(kChildId);

  for (const char* name : {"id",
                           "name",
                           "run_type",
                           "start_time",
                           "end_time",
                           "inputs",
                           "outputs",
                           "error",
                           "tags",
                           "extra",
                           "events",
                           "trace_id",
                           "parent_run_id",
                           "dotted_order",
                           "session_id",
                           "app_path",
                           "status",
                           "feedback_stats",
                           "total_tokens",
                           "prompt_tokens",
                           "completion_tokens",
                           "total_cost",
                           "first_token_time",
                           "parent_run_ids",
                           "reference_example_id",
                           "serialized"}) {
    EXPECT_NE(run.find(name), nullptr) << name;
  }
  EXPECT_EQ(run["id"].as_string(), kChildId);
  EXPECT_EQ(run["trace_id"].as_string(), kRootId);
  EXPECT_EQ(run["parent_run_id"].as_string(), kRootId);
  EXPECT_EQ(run["parent_run_ids"].to_text(), "[\"" + std::string(kRootId) + "\"]");
  EXPECT_EQ(run["dotted_order"].as_string(), kChildOrder);
  EXPECT_EQ(run["start_time"].as_string(), "2023-06-30T08:00:00.223456");
  EXPECT_EQ(run["session_id"].as_string(), session);
  EXPECT_EQ(run["app_path"].as_string(), "/o/00000000-0000-4000-8000-000000000001/projects/p/" +
                                             session + "/r/" + kChildId + "?trace_id=" + kRootId +
                                             "&start_time=2023-06-30T08:00:00.223456");
}

TEST(RunReads, AreFoundByAnIdOfEitherCase) {
  const Trace trace;

  EXPECT_EQ(trace.client.get("/runs/01890A5D-AC96-774B-BCCE-B302099A8057").status, 200);
  EXPECT_EQ(trace.client.get("/runs/01890a5d-ac96-774b-bcce-b302099a8058").status, 404);
  EXPECT_EQ(trace.client.get("/runs/x").status, 422);
}

TEST(RunReads, TellTokensAndCostsOfUsageMetadata) {
  const std::string usage =
      R"({"input_tokens":100,"output_tokens":50,"input_token_details":{"cache_read":7},)"
      R"("input_cost":0.25,"output_cost":0.5})";
  for (const auto& [field, json] :
       {std::pair("outputs", "{\"usage_metadata\":" + usage + "}"),
        std::pair("extra", "{\"metadata\":{\"usage_metadata\":" + usage + "}}")}) {
    const RunningCollector server;
    const LangSmithClient client(server);
    client.post("/runs", root_post().with(field, json).text());

    const JsonValue run = client.run(kRootId);

    EXPECT_EQ(run["prompt_tokens"].as_integer(), 100);
    EXPECT_EQ(run["completion_tokens"].as_integer(), 50);
    EXPECT_EQ(run["total_tokens"].as_integer(), 150);
    EXPECT_EQ(run["prompt_token_details"]["cache_read"].as_integer(), 7);
    EXPECT_EQ(run["prompt_cost"].as_string(), "0.25");
    EXPECT_EQ(run["total_cost"].as_string(), "0.75");
  }
}

TEST(RunReads, TakeGivenTotalsAsTheyAre) {
  const RunningCollector server;
  const LangSmithClient client(server);
  client.post("/runs", root_post()
                           .with("outputs", R"({"usage_metadata":{"input_tokens":1,)"
                                            R"("output_tokens":"x","total_tokens":9,)"
                                            R"("total_cost":0.0005}})")
                           .text());

  const JsonValue run = client.run(kRootId);

  EXPECT_EQ(run["total_tokens"].as_integer(), 9);
  EXPECT_EQ(run["completion_tokens"].as_integer(), 0);
  EXPECT_EQ(run["total_cost"].as_string(), "0.0005");
}

TEST(RunReads, TellTheFirstTokenOfLlmRuns) {
  const std::string events = R"([{"name":"start","time":"2023-06-30T08:00:00Z"},)"
                             R"({"name":"new_token","time":"2023-06-30T08:00:00.3Z"},)"
                             R"({"name":"new_token","time":"2023-06-30T08:00:00.4Z"}])";
  const RunningCollector server;
  const LangSmithClient client(server);
  client.post("/runs", root_post().with("events", events).text());
  client.post("/runs", child_post().with("events", events).text());

  EXPECT_TRUE(client.run(kRootId)["first_token_time"].is_null());
  EXPECT_EQ(client.run(kChildId)["first_token_time"].as_string(), "2023-06-30T08:00:00.300000");
}

TEST(RunReads, SumUpFeedback) {
  const Trace trace;
  for (const char* json :
       {R"("score":1)", R"("score":0.5)", R"("score":true)", R"("value":"bad")"}) {
    trace.client.post("/feedback", "{\"key\":\"quality\",\"run_id\":\"" + std::string(kRootId) +
                                       "\"," + json + "}");
  }
  trace.client.post("/feedback",
                    "{\"key\":\"other\",\"run_id\":\"" + std::string(kChildId) + "\"}");

  const JsonValue stats = trace.client.run(kRootId)["feedback_stats"];

  EXPECT_EQ(stats["quality"]["n"].as_integer(), 4);
  EXPECT_NEAR(stats["quality"]["avg"].as_double(), 2.5 / 3, 1e-9);
  EXPECT_EQ(stats["quality"]["values"]["bad"].as_integer(), 1);
  EXPECT_EQ(stats.find("other"), nullptr);
}

TEST(RunQuery, FindsByEachField) {
  const Trace trace;
  const std::string session = trace.client.run(kRootId)["session_id"].as_string();
  const std::string in_trace = "\"trace\":\"" + std::string(kRootId) + "\"";

  EXPECT_EQ(trace.query("{" + in_trace + "}"), "llm,rag");
  EXPECT_EQ(trace.query("{" + in_trace + ",\"order\":\"asc\"}"), "rag,llm");
  EXPECT_EQ(trace.query("{" + in_trace + ",\"is_root\":true}"), "rag");
  EXPECT_EQ(trace.query("{" + in_trace + ",\"is_root\":false}"), "llm");
  EXPECT_EQ(trace.query("{" + in_trace + ",\"run_type\":\"llm\"}"), "llm");
  EXPECT_EQ(trace.query("{" + in_trace + ",\"error\":true}"), "");
  EXPECT_EQ(trace.query("{" + in_trace + ",\"error\":false}"), "llm,rag");
  EXPECT_EQ(trace.query("{" + in_trace + ",\"start_time\":\"2023-06-30T08:00:00.2Z\"}"), "llm");
  EXPECT_EQ(trace.query("{" + in_trace + ",\"end_time\":\"2023-06-30T08:00:00.2Z\"}"), "rag");
  EXPECT_EQ(trace.query("{\"session\":[\"" + session + "\"]}"), "llm,rag");
  EXPECT_EQ(trace.query("{\"session\":[\"" + std::string(kRootId) + "\"]}"), "");
  EXPECT_EQ(trace.query("{\"id\":[\"" + std::string(kChildId) + "\"]}"), "llm");
  EXPECT_EQ(trace.query("{\"id\":[]}"), "");
  EXPECT_EQ(trace.query("{\"parent_run\":\"" + std::string(kRootId) + "\"}"), "llm");
}

TEST(RunQuery, PagesByCursorInBothOrders) {
  const RunningCollector server;
  const LangSmithClient client(server);
  for (int n = 0; n < 5; ++n) EXPECT_EQ(client.post("/runs", numbered_post(n).text()).status, 202);
  const std::string session =
      client.get("/sessions?name=demo").json().elements().at(0)["id"].as_string();
  const auto walk = [&](const std::string& order) {
    std::string found;
    std::string cursor = "null";
    do {
      const JsonValue page =
          client
              .post("/runs/query", "{\"session\":[\"" + session + "\"],\"limit\":2,\"order\":\"" +
                                       order + "\",\"cursor\":" + cursor + "}")
              .json();
      found += names(page["runs"]) + ";";
      cursor = page["cursors"]["next"].is_null() ? "" : page["cursors"]["next"].to_text();
    } while (!cursor.empty());
    return found;
  };

  EXPECT_EQ(walk("desc"), "run 4,run 3;run 2,run 1;run 0;");
  EXPECT_EQ(walk("asc"), "run 0,run 1;run 2,run 3;run 4;");
}

TEST(RunQuery, RefusesWhatItCannotAnswer) {
  const RunningCollector server;
  const LangSmithClient client(server);
  const std::string trace = "\"trace\":\"" + std::string(kRootId) + "\",";
  for (const std::string& body :
       {std::string("{}"), std::string("[]"), std::string("x"), "{" + trace + "\"limit\":0}",
        "{" + trace + "\"limit\":101}", "{" + trace + "\"limit\":\"5\"}",
        "{" + trace + "\"filter\":\"eq(name, 1)\"}", "{" + trace + "\"cursor\":\"x\"}",
        std::string("{\"trace\":\"x\"}"), std::string("{\"id\":\"x\"}"),
        std::string("{\"id\":[\"x\"]}"), std::string("{\"is_root\":true}")}) {
    const Reply reply = client.post("/runs/query", body);
    EXPECT_TRUE(reply.status == 400 || reply.status == 422) << body;
    EXPECT_NE(reply.json().find("detail"), nullptr) << body;
  }
}

TEST(Projects, AreMadeByTheFirstRunThatNamesThem) {
  const Trace trace;
  const std::string id = trace.client.run(kRootId)["session_id"].as_string();

  const JsonValue by_name = trace.client.get("/sessions?name=demo").json();
  const JsonValue by_part = trace.client.get("/sessions?name_contains=em").json();
  const JsonValue by_id = trace.client.get("/sessions/" + id).json();

  ASSERT_EQ(by_name.elements().size(), 1U);
  EXPECT_EQ(by_name.elements()[0]["id"].as_string(), id);
  EXPECT_EQ(by_part.to_text(), by_name.to_text());
  EXPECT_EQ(by_id["name"].as_string(), "demo");
  EXPECT_EQ(by_id["run_count"].as_integer(), 2);
  EXPECT_EQ(by_id["tenant_id"].as_string(), "00000000-0000-4000-8000-000000000001");
  EXPECT_EQ(trace.client.get("/sessions?name=other").json().to_text(), "[]");
  EXPECT_EQ(trace.client.get(std::string("/sessions/") + kRootId).status, 404);
  EXPECT_EQ(trace.client.get("/sessions/x").status, 422);
}

TEST(Projects, HaveTheSameIdInEveryDatabase) {
  const Trace one;
  const Trace other;

  EXPECT_EQ(one.client.run(kRootId)["session_id"].to_text(),
            other.client.run(kRootId)["session_id"].to_text());
}

TEST(Projects, MayBeNamedByTheirId) {
  const RunningCollector server;
  const LangSmithClient client(server);
  client.post("/runs", root_post().with("session_id", json_string(kChildId)).text());
  client.post("/runs", numbered_post(0).without("session_name").text());

  EXPECT_EQ(client.get(std::string("/sessions/") + kChildId).json()["name"].as_string(), "demo");
  EXPECT_EQ(client.get("/sessions?name=default").json().elements().size(), 1U);
}

TEST(Lists, RefuseParametersThatMakeNoSense) {
  const RunningCollector server;
  const LangSmithClient client(server);
  for (const char* path : {"/sessions?limit=0", "/sessions?limit=101", "/sessions?offset=-1",
                           "/sessions?id=x", "/feedback?run=x", "/feedback?limit=x"}) {
    EXPECT_EQ(client.get(path).status, 422) << path;
  }
}

// A trace that a program sends to both vendors is one trace on either side: its id is the same 16
// bytes, and a span's id the last 8 of its run's.
TEST(BothVendors, ShowTheSameTraceOnce) {
  const RunningCollector server;
  const LangSmithClient client(server);
  std::string trace_id = kRootId;
  std::erase(trace_id, '-');
  std::string span_id = kRootId;
  std::erase(span_id, '-');
  span_id.erase(0, 16);

  server.client.post_json(
      kOtlpPath, json_body({.spans = {{.trace_id = trace_id, .span_id = span_id, .name = "rag"}}}));
  client.post("/runs", root_post().text());

  const JsonValue observations = server.observations(trace_id);
  ASSERT_EQ(observations.elements().size(), 1U);
  EXPECT_EQ(observations.elements()[0]["id"].as_string(), span_id);
  const JsonValue run = client.run(kRootId);
  EXPECT_EQ(run["name"].as_string(), "rag");
  EXPECT_EQ(
      names(client.post("/runs/query", "{\"trace\":" + json_string(kRootId) + "}").json()["runs"]),
      "rag");
}

TEST(Routes, OfLangSmithThatAreNotThereAreA404InItsForm) {
  const RunningCollector server;
  const LangSmithClient client(server);

  for (const char* path : {"/nonsense", "/api/v1/nonsense", "/runs", "/api/v1", "/api/v1/"}) {
    const Reply reply = client.get(path);
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_EQ(reply.json()["detail"].as_string(), "Not Found");
  }
  EXPECT_EQ(client.send("DELETE", "/runs/query", "", {}).status, 405);
}

}  // namespace
}  // namespace llmtrace::collector::testing
