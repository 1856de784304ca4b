// What /api/ says of what was stored.
#include <gtest/gtest.h>

#include <string>

#include "collector/traces/node_ids.h"
#include "tests/collector/langsmith_client.h"
#include "tests/collector/viewer_client.h"

namespace llmtrace::collector::testing {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

std::string trace_id(int number) {
  const std::string digits = std::to_string(number);
  return std::string(32 - digits.size(), 'a') + digits;
}

// Three traces: "first" is old and long, "second" costs most, "third" failed.
void store_three(const RunningCollector& server) {
  store_spans(server, {.spans = {{.trace_id = trace_id(1),
                                  .name = "first",
                                  .end = kStart + 9 * kSecond,
                                  .attributes = {{"user.id", std::string("ada")},
                                                 {"session.id", std::string("s1")},
                                                 {"tag.tags", std::vector<std::string>{"x"}},
                                                 {"input.value", std::string("the cat sat")}}}}});
  store_spans(server,
              {.spans = {{.trace_id = trace_id(2),
                          .name = "second",
                          .start = kStart + 60 * kSecond,
                          .end = kStart + 61 * kSecond,
                          .attributes = {{"gen_ai.request.model", std::string("gpt-4o")},
                                         {"gen_ai.provider.name", std::string("openai")},
                                         {"session.id", std::string("s1")},
                                         {"deployment.environment", std::string("prod")},
                                         {"gen_ai.usage.input_tokens", std::int64_t{1000}},
                                         {"gen_ai.usage.output_tokens", std::int64_t{10}}}}}});
  store_spans(server, {.spans = {{.trace_id = trace_id(3),
                                  .name = "third",
                                  .start = kStart + 120 * kSecond,
                                  .end = kStart + 122 * kSecond,
                                  .status_code = 2,
                                  .status_message = "no luck"}}});
}

TEST(ApiTraces, AreListedNewestFirst) {
  const RunningCollector server;
  store_three(server);

  const JsonValue list = api(server, "/api/traces");

  EXPECT_EQ(trace_names(server, ""), "third,second,first");
  const JsonValue& first = list["traces"].elements().at(2);
  EXPECT_EQ(first["trace_id"].as_string(), trace_id(1));
  EXPECT_EQ(first["start_time"].as_string(), "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(first["latency_ms"].as_double(), 9000);
  EXPECT_EQ(first["user_id"].as_string(), "ada");
  EXPECT_EQ(first["tags"].to_text(), R"(["x"])");
  EXPECT_EQ(first["sources"].to_text(), R"(["otlp"])");
  EXPECT_TRUE(first["cost_usd"].is_null());
  EXPECT_TRUE(list["next_cursor"].is_null());
}

TEST(ApiTraces, CanBeSorted) {
  const RunningCollector server;
  store_three(server);

  EXPECT_EQ(trace_names(server, "sort=time&order=asc"), "first,second,third");
  EXPECT_EQ(trace_names(server, "sort=latency"), "first,third,second");
  EXPECT_EQ(trace_names(server, "sort=cost&limit=1"), "second");
  EXPECT_EQ(trace_names(server, "sort=tokens&limit=1"), "second");
}

TEST(ApiTraces, CanBeFiltered) {
  const RunningCollector server;
  store_three(server);

  EXPECT_EQ(trace_names(server, "name=first"), "first");
  EXPECT_EQ(trace_names(server, "user=ada"), "first");
  EXPECT_EQ(trace_names(server, "session=s1"), "second,first");
  EXPECT_EQ(trace_names(server, "tag=x"), "first");
  EXPECT_EQ(trace_names(server, "tag=y"), "");
  EXPECT_EQ(trace_names(server, "environment=prod"), "second");
  EXPECT_EQ(trace_names(server, "level=ERROR"), "third");
  EXPECT_EQ(trace_names(server, "level=ERROR&level=DEFAULT"), "third,second,first");
  EXPECT_EQ(trace_names(server, "type=GENERATION"), "second");
  EXPECT_EQ(trace_names(server, "model=gpt-4o"), "second");
  EXPECT_EQ(trace_names(server, "source=langsmith"), "");
  EXPECT_EQ(trace_names(server, "min_latency_ms=2000"), "third,first");
  EXPECT_EQ(trace_names(server, "from=2023-11-14T22:14:00Z&to=2023-11-14T23:15:00%2B01:00"),
            "second");
  EXPECT_EQ(trace_names(server, "from=1700000060000&to=1700000110000"), "second");
}

TEST(ApiTraces, ComeInPages) {
  const RunningCollector server;
  store_three(server);
  for (const char* sort : {"sort=time", "sort=latency&order=asc", "sort=cost", "sort=tokens"}) {
    std::string names;
    std::string cursor;
    for (int page = 0; page < 4; ++page) {
      const JsonValue list =
          api(server, std::string("/api/traces?limit=1&") + sort + "&cursor=" + cursor);
      for (const JsonValue& trace : list["traces"].elements()) {
        names += trace["name"].as_string() + ",";
      }
      cursor = list["next_cursor"].as_string();
      if (cursor.empty()) break;
    }
    EXPECT_EQ(names, trace_names(server, sort) + ",") << sort;
  }
}

TEST(ApiTraces, SayWhatIsWrongWithAParameter) {
  const RunningCollector server;
  for (const char* query : {"from=yesterday", "sort=age", "limit=0", "limit=501", "cursor=x",
                            "level=BAD", "min_latency_ms=x", "order=up", "source=x"}) {
    const Reply reply = server.client.get(std::string("/api/traces?") + query);
    const std::string name(query, std::string(query).find('='));
    EXPECT_EQ(reply.status, 400) << query;
    EXPECT_EQ(reply.json()["error"]["code"].as_string(), "bad_parameter");
    EXPECT_EQ(reply.json()["error"]["parameter"].as_string(), name);
  }
}

TEST(ApiSearch, FindsNamesUsersTagsAndIdsAtOnce) {
  const RunningCollector server;
  store_three(server);

  for (const char* part : {"fir", "FIRST", "ada", "s1", "%22x%22"}) {
    EXPECT_NE(trace_names(server, std::string("q=") + part).find("first"), std::string::npos)
        << part;
  }
  EXPECT_EQ(trace_names(server, "q=" + trace_id(2)), "second");
  EXPECT_EQ(trace_names(server, std::string("q=") + kSpanId), "third,second,first");
  EXPECT_EQ(trace_names(server, "q=%27%29%3B--"), "");
}

// Each in a trace of its own, neither of whose names holds the span's id.
std::string numbered_id(std::int64_t number) {
  return std::to_string(1'000'000'000'000'000 + number);
}
Span numbered_span(std::int64_t number) {
  return {.trace_id = "ffffffffffffffff" + std::to_string(2'000'000'000'000'000 + number),
          .span_id = numbered_id(number),
          .name = "n" + std::to_string(number)};
}

void store_numbered(const RunningCollector& server, std::int64_t begin, std::int64_t end) {
  Export data;
  for (std::int64_t number = begin; number < end; ++number) {
    data.spans.push_back(numbered_span(number));
  }
  store_spans(server, data);
}

// As many as go into the index of ids together, and some that wait.
TEST(ApiSearch, FindsIdsAmongManySpans) {
  const RunningCollector server;
  constexpr std::int64_t kHalf = NodeIds::kMostPending / 2;
  store_numbered(server, 0, kHalf);
  store_numbered(server, kHalf, 2 * kHalf);
  store_numbered(server, 2 * kHalf, 2 * kHalf + 10);
  store_numbered(server, 0, 1);  // again: it is among the newest now

  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{1}, 2 * kHalf + 9}) {
    EXPECT_EQ(trace_names(server, "q=" + numbered_id(number)), "n" + std::to_string(number));
  }
  EXPECT_EQ(trace_names(server, "q=9999999999999999"), "");
}

TEST(ApiSearch, FindsWordsOfInputs) {
  const RunningCollector server;
  store_three(server);
  wait_for_text_index(server);

  EXPECT_EQ(trace_names(server, "q=cat"), "first");
  EXPECT_EQ(trace_names(server, "q=SAT+the"), "first");
  EXPECT_EQ(trace_names(server, "q=cat+dog"), "");
  EXPECT_EQ(trace_names(server, "q=ca*"), "first");
  EXPECT_EQ(trace_names(server, "q=luck"), "third");
  EXPECT_EQ(trace_names(server, "q=%22AND+OR+NOT+NEAR%28+*"), "");  // FTS5's own words are words
}

TEST(ApiSearch, FindsWhatCameLaterForTheSameSpan) {
  const RunningCollector server;
  store_spans(server, {.spans = {{.attributes = {{"input.value", std::string("old")}}}}});
  wait_for_text_index(server);
  store_spans(server, {.spans = {{.attributes = {{"input.value", std::string("new")}}}}});
  wait_for_text_index(server);

  EXPECT_EQ(trace_names(server, "q=new"), "answer");
  EXPECT_EQ(trace_names(server, "q=old"), "");
}

TEST(ApiTrace, IsATreeInPreOrder) {
  const RunningCollector server;
  store_spans(server, {.spans = {{.span_id = "0000000000000003",
                                  .parent_id = "0000000000000001",
                                  .name = "late child",
                                  .start = kStart + 2 * kSecond},
                                 {.span_id = "0000000000000004",
                                  .parent_id = "0000000000000002",
                                  .name = "grandchild",
                                  .start = kStart + kSecond},
                                 {.span_id = "0000000000000002",
                                  .parent_id = "0000000000000001",
                                  .name = "child",
                                  .start = kStart + kSecond},
                                 {.span_id = "0000000000000001", .name = "root"},
                                 {.span_id = "0000000000000009",
                                  .parent_id = "00000000000000ff",
                                  .name = "orphan",
                                  .start = kStart + 5 * kSecond}}});

  const JsonValue trace = api(server, std::string("/api/traces/") + kTraceId);

  std::string tree;
  for (const JsonValue& node : trace["nodes"].elements()) {
    tree += std::to_string(node["depth"].as_integer()) + " " + node["name"].as_string() + ",";
  }
  EXPECT_EQ(tree, "0 root,1 child,2 grandchild,1 late child,0 orphan,");
  EXPECT_EQ(trace["trace"]["name"].as_string(), "root");
  EXPECT_EQ(trace["trace"]["node_count"].as_integer(), 5);
  EXPECT_EQ(trace["nodes"].elements().at(1)["start_offset_ms"].as_double(), 1000);
}

TEST(ApiTrace, OfNodesThatAreEachOthersParentsIsShownAllTheSame) {
  const RunningCollector server;
  store_spans(server,
              {.spans = {{.span_id = "0000000000000001", .parent_id = "0000000000000002"},
                         {.span_id = "0000000000000002", .parent_id = "0000000000000001"},
                         {.span_id = "0000000000000003", .parent_id = "0000000000000003"}}});

  EXPECT_EQ(api(server, std::string("/api/traces/") + kTraceId)["nodes"].elements().size(), 3U);
}

TEST(ApiTrace, ThatIsNotThereIsA404) {
  const RunningCollector server;
  for (const char* path :
       {"/api/traces/none", "/api/traces/none/nodes/x", "/api/traces/none/export", "/api/none"}) {
    const Reply reply = server.client.get(path);
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_EQ(reply.json()["error"]["code"].as_string(), "not_found") << path;
  }
  EXPECT_EQ(server.client.send({.method = "PUT", .path = "/api/scores"}).status, 405);
}

// The same program sends one trace to Langfuse, LangSmith and an OpenTelemetry collector.
TEST(ApiTrace, FromAllSourcesIsOneTrace) {
  const RunningCollector server;
  const std::string trace = "01890a5dac96774bbcceb302099a8057";  // kRootId without its dashes
  const std::string root = "bcceb302099a8057";
  LangSmithClient(server).post("/runs/batch", batch({root_post(), child_post()}, {root_patch()}));
  const Span span{.trace_id = trace,
                  .span_id = root,
                  .name = "rag in Langfuse",
                  .attributes = {{"langfuse.user.id", std::string("ada")}}};
  server.client.post_json(kOtlpPath, json_body({.spans = {span}}));
  store_spans(server, {.spans = {{.trace_id = trace,
                                  .span_id = root,
                                  .attributes = {{"only.otlp", std::string("knows")}}}}});

  const JsonValue list = api(server, "/api/traces")["traces"];
  const JsonValue whole = api(server, "/api/traces/" + trace);
  const JsonValue by_uuid = api(server, std::string("/api/traces/") + kRootId);

  ASSERT_EQ(list.elements().size(), 1U);
  EXPECT_EQ(list.elements()[0]["sources"].to_text(), R"(["langfuse","langsmith","otlp"])");
  EXPECT_EQ(list.elements()[0]["node_count"].as_integer(), 2);
  EXPECT_EQ(whole["nodes"].elements().size(), 2U);
  EXPECT_EQ(by_uuid["trace"]["trace_id"].as_string(), trace);
  const JsonValue node = node_of(server, root, trace);
  EXPECT_EQ(node["name"].as_string(), "rag in Langfuse");
  EXPECT_EQ(node["user_id"].as_string(), "ada");
  EXPECT_EQ(node["output"].to_text(), R"({"answer":"because"})");  // LangSmith alone had it
  EXPECT_EQ(node["attributes"]["only.otlp"].as_string(), "knows");
}

TEST(ApiTrace, OfLangSmithShowsWhatARunHas) {
  const RunningCollector server;
  const LangSmithClient client(server);
  client.post("/runs",
              root_post()
                  .with("run_type", "\"llm\"")
                  .with("tags", R"(["t"])")
                  .with("extra", R"({"metadata":{"ls_model_name":"gpt-4o","ls_provider":"openai",)"
                                 R"("thread_id":"th","k":1},"invocation_params":{"top_p":1}})")
                  .text());
  client.patch(std::string("/runs/") + kRootId,
               R"({"end_time":"2023-06-30T08:00:01.123456Z","error":"Boom\nat line 1",)"
               R"("outputs":{"usage_metadata":{"input_tokens":10,"output_tokens":5,)"
               R"("input_token_details":{"cache_read":4}}}})");

  const JsonValue node = node_of(server, "bcceb302099a8057", "01890a5dac96774bbcceb302099a8057");

  EXPECT_EQ(node["type"].as_string(), "GENERATION");
  EXPECT_EQ(node["model"].as_string(), "gpt-4o");
  EXPECT_EQ(node["provider"].as_string(), "openai");
  EXPECT_EQ(node["session_id"].as_string(), "th");
  EXPECT_EQ(node["duration_ms"].as_double(), 1000);
  EXPECT_EQ(node["level"].as_string(), "ERROR");
  EXPECT_EQ(node["error"].to_text(), R"({"type":null,"message":"Boom","stack_trace":"at line 1"})");
  EXPECT_EQ(node["usage"].to_text(), R"({"input":6,"input_cache_read":4,"output":5,"total":15})");
  EXPECT_EQ(node["model_parameters"].to_text(), R"({"top_p":1})");
  EXPECT_EQ(node["metadata"]["k"].as_integer(), 1);
  EXPECT_EQ(node["tags"].to_text(), R"(["t"])");
  EXPECT_EQ(node["input"].to_text(), R"({"question":"why?"})");
}

TEST(ApiTrace, OfTheLegacyProtocolShowsItsTrace) {
  const RunningCollector server(Behaviour::V2);
  server.client.post_json(
      kIngestionPath,
      R"({"batch":[{"id":"e1","type":"trace-create","timestamp":"2026-01-01T00:00:00Z","body":)"
      R"({"id":"my trace","name":"chat","userId":"u","sessionId":"s","tags":["t"],)"
      R"("input":{"q":1},"metadata":{"k":"v"}}},)"
      R"({"id":"e2","type":"span-create","timestamp":"2026-01-01T00:00:00Z","body":)"
      R"({"id":"o1","traceId":"my trace","name":"step","startTime":"2026-01-01T00:00:01Z",)"
      R"("endTime":"2026-01-01T00:00:02Z"}}]})");

  const JsonValue trace = api(server, "/api/traces/my%20trace");

  EXPECT_EQ(trace["trace"]["name"].as_string(), "chat");
  EXPECT_EQ(trace["trace"]["user_id"].as_string(), "u");
  EXPECT_EQ(trace["trace"]["session_id"].as_string(), "s");
  EXPECT_EQ(trace["trace"]["tags"].to_text(), R"(["t"])");
  EXPECT_EQ(trace["trace"]["input"].to_text(), R"({"q":1})");
  EXPECT_EQ(trace["trace"]["metadata"].to_text(), R"({"k":"v"})");
  EXPECT_EQ(trace["nodes"].elements().at(0)["name"].as_string(), "step");
}

TEST(ApiExport, OfPlainOtlpIsWhatCame) {
  const RunningCollector first;
  const RunningCollector second;
  const Export data{.spans = {{.attributes = {{"unknown", std::int64_t{1}}}, .status_code = 2}},
                    .resource = {{"service.name", std::string("demo")}}};
  const Reply stored = first.client.send({.method = "POST",
                                          .path = kPlainOtlpPath,
                                          .body = protobuf_body(data),
                                          .headers = {"Content-Type: application/x-protobuf"}});
  ASSERT_EQ(stored.status, 200);

  const std::string path = std::string("/api/traces/") + kTraceId + "/export";
  const Reply exported = first.client.get(path);
  const Reply imported = second.client.post_json("/api/import", exported.body);

  EXPECT_NE(exported.headers.find("Content-Disposition: attachment"), std::string::npos);
  EXPECT_EQ(imported.json().to_text(),
            std::string(R"({"trace_ids":[")") + kTraceId + R"("],"node_count":1})");
  EXPECT_EQ(node_of(second).to_text(), node_of(first).to_text());
  EXPECT_EQ(second.client.get(path).body, exported.body);
}

TEST(ApiExport, OfLangSmithShowsTheSameWhenItIsImported) {
  const RunningCollector first;
  const RunningCollector second;
  LangSmithClient(first).post("/runs/batch", batch({root_post(), child_post()}, {root_patch()}));
  const std::string path = "/api/traces/01890a5dac96774bbcceb302099a8057";

  second.client.post_json("/api/import", first.client.get(path + "/export").body);

  const JsonValue before = api(first, path + "?content=full");
  const JsonValue after = api(second, path + "?content=full");
  ASSERT_EQ(after["nodes"].elements().size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    for (const char* field : {"id", "parent_id", "name", "type", "level", "start_time", "input",
                              "output", "model", "duration_ms"}) {
      EXPECT_EQ(after["nodes"].elements()[i][field].to_text(),
                before["nodes"].elements()[i][field].to_text())
          << field;
    }
  }
}

TEST(ApiImport, RefusesWhatIsNoTrace) {
  const RunningCollector server;

  EXPECT_EQ(server.client.post_json("/api/import", "nonsense").status, 400);
  EXPECT_EQ(server.client.post_json("/api/import", "{}").status, 400);
  EXPECT_EQ(server.client.send({.method = "POST", .path = "/api/import", .body = "{}"}).status,
            415);
}

TEST(ApiScores, AreAddedShownAndRemoved) {
  const RunningCollector server;
  store_spans(server, {.spans = {{}}});
  const std::string trace = kTraceId;

  const Reply added = server.client.post_json(
      "/api/scores", R"({"id":"s1","trace_id":")" + trace + R"(","node_id":")" + kSpanId +
                         R"(","name":"thumbs","value":true,"comment":"yes"})");
  server.client.post_json("/api/scores",
                          R"({"trace_id":")" + trace + R"(","name":"grade","value":"A"})");

  EXPECT_EQ(added.status, 201);
  EXPECT_EQ(added.json()["data_type"].as_string(), "BOOLEAN");
  EXPECT_EQ(added.json()["value"].as_integer(), 1);
  EXPECT_EQ(added.json()["origin"].as_string(), "ANNOTATION");
  const JsonValue whole = api(server, "/api/traces/" + trace);
  EXPECT_EQ(whole["scores"].elements().size(), 2U);
  EXPECT_EQ(whole["trace"]["score_count"].as_integer(), 2);
  EXPECT_EQ(whole["nodes"].elements()[0]["score_count"].as_integer(), 1);
  EXPECT_EQ(node_of(server)["scores"].elements().at(0)["comment"].as_string(), "yes");
  EXPECT_EQ(
      api(server, "/api/scores?name=grade")["scores"].elements().at(0)["string_value"].as_string(),
      "A");

  EXPECT_EQ(server.client.send({.method = "DELETE", .path = "/api/scores/s1"}).status, 204);
  EXPECT_EQ(server.client.send({.method = "DELETE", .path = "/api/scores/s1"}).status, 404);
  EXPECT_EQ(api(server, "/api/scores?trace_id=" + trace)["scores"].elements().size(), 1U);
}

TEST(ApiScores, OfBothVendorsAreOneList) {
  const RunningCollector server;
  const LangSmithClient client(server);
  client.post("/runs", root_post().text());
  client.post("/feedback", std::string(R"({"run_id":")") + kRootId + R"(","trace_id":")" + kRootId +
                               R"(","key":"right","score":true})");
  server.client.post_json(
      kScoresPath,
      R"({"traceId":"01890a5dac96774bbcceb302099a8057","name":"quality","value":0.5})");

  const JsonValue scores = api(server, std::string("/api/scores?trace_id=") + kRootId)["scores"];

  ASSERT_EQ(scores.elements().size(), 2U);
  for (const JsonValue& score : scores.elements()) {
    EXPECT_EQ(score["trace_id"].as_string(), "01890a5dac96774bbcceb302099a8057");
    const bool is_feedback = score["source"].as_string() == "langsmith";
    EXPECT_EQ(score["data_type"].as_string(), is_feedback ? "BOOLEAN" : "NUMERIC");
    EXPECT_EQ(score["value"].as_double(), is_feedback ? 1 : 0.5);
    if (is_feedback) {
      EXPECT_EQ(score["node_id"].as_string(), "bcceb302099a8057");
    }
  }
}

TEST(ApiScores, RefuseNonsense) {
  const RunningCollector server;
  store_spans(server, {.spans = {{}}});
  const std::string trace = std::string(R"({"trace_id":")") + kTraceId + "\"";
  for (const std::string& body :
       {std::string("no"), std::string("[]"), trace + "}", trace + R"(,"name":"n"})",
        trace + R"(,"name":"n","value":null})", trace + R"(,"name":"n","value":[]})",
        trace + R"(,"name":"","value":1})", trace + R"(,"name":7,"value":1})"}) {
    EXPECT_EQ(server.client.post_json("/api/scores", body).status, 400) << body;
  }
  EXPECT_EQ(
      server.client.post_json("/api/scores", R"({"trace_id":"x","name":"n","value":1})").status,
      404);
}

TEST(ApiSessions, SumUpTheirTraces) {
  const RunningCollector server;
  store_three(server);

  const JsonValue sessions = api(server, "/api/sessions")["sessions"];

  ASSERT_EQ(sessions.elements().size(), 1U);
  const JsonValue& session = sessions.elements()[0];
  EXPECT_EQ(session["session_id"].as_string(), "s1");
  EXPECT_EQ(session["trace_count"].as_integer(), 2);
  EXPECT_EQ(session["total_tokens"].as_integer(), 1010);
  EXPECT_EQ(session["user_ids"].to_text(), R"(["ada"])");
  EXPECT_EQ(session["first_time"].as_string(), "2023-11-14T22:13:20.123456Z");
  EXPECT_EQ(api(server, "/api/sessions?user=bob")["sessions"].elements().size(), 0U);
}

TEST(ApiStats, CountWhatThereIs) {
  const RunningCollector server;
  store_three(server);

  const JsonValue stats =
      api(server, "/api/stats?from=2023-11-14T22:13:00Z&to=2023-11-14T22:16:00Z&buckets=3");

  EXPECT_EQ(stats["totals"]["count"].as_integer(), 3);
  EXPECT_EQ(stats["totals"]["error_count"].as_integer(), 1);
  EXPECT_EQ(stats["totals"]["total_tokens"].as_integer(), 1010);
  EXPECT_EQ(stats["totals"]["latency_ms"]["p50"].as_double(), 2000);
  EXPECT_EQ(stats["totals"]["latency_ms"]["p99"].as_double(), 9000);
  EXPECT_EQ(stats["bucket_ms"].as_integer(), 60'000);
  std::string counts;
  for (const JsonValue& step : stats["over_time"].elements()) {
    counts += std::to_string(step["count"].as_integer()) + ",";
  }
  EXPECT_EQ(counts, "1,1,1,");
  EXPECT_EQ(stats["by_model"].elements().at(0)["model"].as_string(), "gpt-4o");
  EXPECT_EQ(stats["by_name"].elements().at(0)["name"].as_string(), "first");
  EXPECT_EQ(stats["collector"]["node_count"].as_integer(), 3);
  EXPECT_EQ(api(server, "/api/stats")["totals"]["count"].as_integer(), 0);  // of the last day
  EXPECT_EQ(server.client.get("/api/stats?from=5&to=4").status, 400);
}

TEST(ApiFacets, OfferWhatFiltersCanAskFor) {
  const RunningCollector server;
  store_three(server);

  const JsonValue facets = api(server, "/api/facets");

  EXPECT_EQ(facets["users"].to_text(), R"(["ada"])");
  EXPECT_EQ(facets["tags"].to_text(), R"(["x"])");
  EXPECT_EQ(facets["models"].to_text(), R"(["gpt-4o"])");
  EXPECT_EQ(facets["types"].to_text(), R"(["SPAN","GENERATION"])");
  EXPECT_EQ(facets["environments"].to_text(), R"(["default","prod"])");
}

}  // namespace
}  // namespace llmtrace::collector::testing
