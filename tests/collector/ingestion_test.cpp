// POST /api/public/ingestion, the legacy batch.
#include <gtest/gtest.h>

#include "common/src/compression.h"
#include "tests/collector/running_collector.h"

namespace llmtrace::collector::testing {
namespace {

constexpr const char* kTime = "2026-01-31T08:00:00.000Z";

std::string event(const std::string& id, const std::string& type, const std::string& body) {
  return R"({"id":")" + id + R"(","timestamp":")" + kTime + R"(","type":")" + type +
         R"(","body":)" + body + "}";
}

std::string batch(const std::vector<std::string>& events) {
  std::string text = R"({"batch":[)";
  for (std::size_t i = 0; i < events.size(); ++i) text += (i == 0 ? "" : ",") + events[i];
  return text + "]}";
}

Reply post(const RunningCollector& server, const std::vector<std::string>& events) {
  return server.client.post_json(kIngestionPath, batch(events));
}

// The status that the reply gives the event `id`.
std::int64_t verdict(const Reply& reply, const std::string& id) {
  EXPECT_EQ(reply.status, 207);
  const JsonValue json = reply.json();
  for (const char* list : {"successes", "errors"}) {
    for (const JsonValue& item : json[list].elements()) {
      if (item["id"].as_string() == id) return item["status"].as_integer();
    }
  }
  return 0;
}

std::int64_t verdict_of(const std::string& single_event) {
  const RunningCollector server(Behaviour::V2);
  const Reply reply = post(server, {single_event});
  const JsonValue json = reply.json();
  EXPECT_EQ(json["successes"].elements().size() + json["errors"].elements().size(), 1U);
  const JsonValue& list = json["errors"].elements().empty() ? json["successes"] : json["errors"];
  return list.elements().at(0)["status"].as_integer();
}

JsonValue trace(const RunningCollector& server, const std::string& id) {
  return server.client.get("/api/public/traces/" + id).json();
}

TEST(Ingestion, AnEmptyBatchIsA207) {
  const RunningCollector server;

  const Reply reply = post(server, {});

  EXPECT_EQ(reply.status, 207);
  EXPECT_EQ(reply.body, R"({"successes":[],"errors":[]})");
}

TEST(Ingestion, RefusesTraceEventsInsideA207OnV4) {
  for (const Behaviour behaviour : {Behaviour::V4_16, Behaviour::V4_59}) {
    const RunningCollector server(behaviour);

    const Reply reply = post(server, {event("e1", "trace-create", R"({"id":"t1"})"),
                                      event("e2", "span-create", R"({"id":"o1"})"),
                                      event("e3", "generation-update", R"({"id":"o2"})")});

    EXPECT_EQ(reply.status, 207);
    EXPECT_TRUE(reply.json()["successes"].elements().empty());
    const JsonValue errors = reply.json()["errors"];
    ASSERT_EQ(errors.elements().size(), 3U);
    for (const JsonValue& error : errors.elements()) {
      EXPECT_EQ(error["status"].as_integer(), 400);
      EXPECT_EQ(error["message"].as_string(), "Event type not accepted");
    }
    EXPECT_EQ(server.observations("o1").elements().size(), 0U);
  }
}

TEST(Ingestion, TakesScoresAndLogsOnV4) {
  for (const Behaviour behaviour : {Behaviour::V4_16, Behaviour::V4_59}) {
    const RunningCollector server(behaviour);

    const Reply reply =
        post(server,
             {event("e1", "score-create", R"({"id":"s1","traceId":"t1","name":"n","value":0.5})"),
              event("e2", "sdk-log", R"({"log":{"any":"thing"}})")});

    EXPECT_EQ(verdict(reply, "e1"), 201);
    EXPECT_EQ(verdict(reply, "e2"), 201);
    const JsonValue score = server.scores("traceId=t1").elements().at(0);
    EXPECT_EQ(score["value"].as_double(), 0.5);
    EXPECT_EQ(score["timestamp"].as_string(), kTime);
  }
}

TEST(Ingestion, JudgesEachEventByItself) {
  const RunningCollector server(Behaviour::V4_16);

  const Reply reply = post(
      server, {event("e1", "trace-create", R"({"id":"t1"})"),
               event("e2", "score-create", R"({"id":"s","traceId":"t","name":"n","value":1})"),
               event("e3", "score-create", R"({"id":"s","traceId":"t","name":"","value":1})")});

  EXPECT_EQ(verdict(reply, "e1"), 400);
  EXPECT_EQ(verdict(reply, "e2"), 201);
  EXPECT_EQ(verdict(reply, "e3"), 400);
}

TEST(Ingestion, SpeaksOfEnvelopeIds) {
  const RunningCollector server(Behaviour::V2);

  const Reply reply = post(server, {event("envelope", "trace-create", R"({"id":"body"})"), "7"});

  EXPECT_EQ(verdict(reply, "envelope"), 201);
  EXPECT_EQ(verdict(reply, "unknown"), 400);
}

TEST(Ingestion, RefusesABatchThatIsNoArray) {
  const RunningCollector server;

  for (const char* body : {"{}", R"({"batch":{}})", "[]", "7"}) {
    const Reply reply = server.client.post_json(kIngestionPath, body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_TRUE(reply.json()["message"].is_string());
    EXPECT_NE(reply.json().find("errors"), nullptr);
  }
}

TEST(Ingestion, RefusesGzipInPlainText) {
  const RunningCollector server;

  const Reply reply =
      server.client.send({.method = "POST",
                          .path = kIngestionPath,
                          .body = gzip(batch({})),
                          .headers = {"Content-Type: application/json", "Content-Encoding: gzip"}});

  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, "Invalid JSON");
  EXPECT_EQ(reply.content_type.substr(0, 10), "text/plain");
}

TEST(Ingestion, RefusesInvalidJsonInPlainText) {
  const RunningCollector server;

  const Reply reply = server.client.post_json(kIngestionPath, R"({"batch":[)");

  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, "Invalid JSON");
}

TEST(Ingestion, RefusesMoreThanFourAndAHalfMegabytesInPlainText) {
  const RunningCollector server(Behaviour::V2);
  const auto body_of = [](std::size_t size) {
    std::string body = batch({event("e1", "trace-create", R"({"id":"t1","input":"@"})")});
    body.replace(body.find('@'), 1, std::string(size - body.size() + 1, 'x'));
    return body;
  };
  constexpr std::size_t kLimit = 4'718'592;  // 4.5 * 1024 * 1024

  const Reply fits = server.client.post_json(kIngestionPath, body_of(kLimit));
  const Reply too_large = server.client.post_json(kIngestionPath, body_of(kLimit + 1));

  EXPECT_EQ(fits.status, 207);
  EXPECT_EQ(too_large.status, 413);
  EXPECT_EQ(too_large.body, "Body exceeded 4.5mb limit");
  EXPECT_EQ(too_large.content_type.substr(0, 10), "text/plain");
}

TEST(Ingestion, RefusesABadEnvelope) {
  const std::string body = R"(,"body":{"id":"t"}})";
  const std::string type = R"("type":"trace-create")";
  const std::string time = std::string(R"("timestamp":")") + kTime + R"(",)";

  EXPECT_EQ(verdict_of(R"({"id":"e",)" + time + type + body), 201);
  EXPECT_EQ(verdict_of("{" + time + type + body), 400);
  EXPECT_EQ(verdict_of(R"({"id":"",)" + time + type + body), 400);
  EXPECT_EQ(verdict_of(R"({"id":"a\rb",)" + time + type + body), 400);
  EXPECT_EQ(verdict_of(R"({"id":")" + std::string(800, 'e') + "\"," + time + type + body), 201);
  EXPECT_EQ(verdict_of(R"({"id":")" + std::string(801, 'e') + "\"," + time + type + body), 400);
  EXPECT_EQ(verdict_of(R"({"id":"e",)" + time + R"("type":"nonsense")" + body), 400);
  EXPECT_EQ(verdict_of(R"({"id":"e",)" + time + R"("type":"trace-create"})"), 400);
}

TEST(Ingestion, NeedsATimestampWithAnOffset) {
  const auto with_time = [](const std::string& time) {
    return verdict_of(R"({"id":"e","timestamp":")" + time +
                      R"(","type":"trace-create","body":{"id":"t"}})");
  };

  EXPECT_EQ(with_time("2026-01-31T08:00:00Z"), 201);
  EXPECT_EQ(with_time("2026-01-31T08:00:00.123456+02:00"), 201);
  EXPECT_EQ(with_time("2026-01-31 08:00:00Z"), 400);
  EXPECT_EQ(with_time("2026-01-31T08:00:00"), 400);
  EXPECT_EQ(with_time("yesterday"), 400);
  EXPECT_EQ(verdict_of(R"({"id":"e","type":"trace-create","body":{"id":"t"}})"), 400);
}

TEST(Ingestion, RefusesDatasetRunItems) {
  EXPECT_EQ(verdict_of(event("e", "dataset-run-item-create", R"({"id":"i"})")), 400);
}

TEST(Ingestion, CountsAnEventWithoutABodyIdAsSuccessAndStoresNothing) {
  const RunningCollector server(Behaviour::V2);

  const Reply reply =
      post(server, {event("e1", "trace-create", R"({"name":"lost"})"),
                    event("e2", "span-create", R"({"traceId":"t1","name":"lost"})"),
                    event("e3", "score-create", R"({"traceId":"t1","name":"lost","value":1})")});

  EXPECT_EQ(verdict(reply, "e1"), 201);
  EXPECT_EQ(verdict(reply, "e2"), 201);
  EXPECT_EQ(verdict(reply, "e3"), 201);
  EXPECT_EQ(server.client.get("/api/public/traces/t1").status, 404);
  EXPECT_EQ(server.client.get("/api/public/scores").json()["meta"]["totalItems"].as_integer(), 0);
}

TEST(Ingestion, StoresATraceWithItsObservationsOnV2) {
  const RunningCollector server(Behaviour::V2);

  const Reply reply = post(
      server,
      {event("e1", "trace-create",
             R"({"id":"t1","name":"rag","userId":"u","sessionId":"s","input":{"q":1},)"
             R"("tags":["a"],"public":true,"release":"r","version":"v","metadata":{"k":2}})"),
       event("e2", "span-create",
             R"({"id":"o1","traceId":"t1","name":"retrieve",)"
             R"("startTime":"2026-01-31T08:00:00Z","level":"WARNING"})"),
       event("e3", "generation-create",
             R"({"id":"o2","traceId":"t1","parentObservationId":"o1","model":"m",)"
             R"("startTime":"2026-01-31T08:00:01Z","endTime":"2026-01-31T08:00:02Z",)"
             R"("promptName":"p","promptVersion":3,"modelParameters":{"temperature":0.5},)"
             R"("usage":{"input":10,"output":5,"unit":"TOKENS"},"costDetails":{"total":0.25}})")});

  EXPECT_EQ(reply.json()["successes"].elements().size(), 3U);
  const JsonValue stored = trace(server, "t1");
  EXPECT_EQ(stored["name"].as_string(), "rag");
  EXPECT_EQ(stored["input"].to_text(), R"({"q":1})");
  EXPECT_EQ(stored["tags"].to_text(), R"(["a"])");
  EXPECT_EQ(stored["metadata"].to_text(), R"({"k":2})");
  EXPECT_TRUE(stored["public"].as_bool());
  EXPECT_EQ(stored["latency"].as_double(), 2);
  EXPECT_EQ(stored["totalCost"].as_double(), 0.25);
  ASSERT_EQ(stored["observations"].elements().size(), 2U);
  const JsonValue& generation = stored["observations"].elements()[0];  // newest first
  EXPECT_EQ(generation["type"].as_string(), "GENERATION");
  EXPECT_EQ(generation["parentObservationId"].as_string(), "o1");
  EXPECT_EQ(generation["usageDetails"].to_text(), R"({"input":10,"output":5,"total":15})");
  EXPECT_EQ(generation["usage"]["total"].as_integer(), 15);
  EXPECT_EQ(generation["promptVersion"].as_integer(), 3);
  EXPECT_EQ(generation["level"].as_string(), "DEFAULT");
  EXPECT_EQ(stored["observations"].elements()[1]["level"].as_string(), "WARNING");
}

TEST(Ingestion, TakesEveryKindOfObservationOnV2) {
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"event-create", "EVENT"},
      {"span-create", "SPAN"},
      {"generation-create", "GENERATION"},
      {"agent-create", "AGENT"},
      {"tool-create", "TOOL"},
      {"chain-create", "CHAIN"},
      {"retriever-create", "RETRIEVER"},
      {"evaluator-create", "EVALUATOR"},
      {"embedding-create", "EMBEDDING"},
      {"guardrail-create", "GUARDRAIL"}};
  const RunningCollector server(Behaviour::V2);
  for (const auto& [event_type, type] : kinds) {
    post(server, {event("e", event_type, R"({"id":")" + type + R"("})")});
    const JsonValue stored = trace(server, type);  // without a traceId: a trace of its own id
    EXPECT_EQ(stored["observations"].elements().at(0)["type"].as_string(), type);
  }
  EXPECT_EQ(verdict_of(event("e", "agent-update", R"({"id":"o"})")), 400);
}

TEST(Ingestion, TakesTheOldObservationEventsOnV2) {
  const RunningCollector server(Behaviour::V2);

  post(server,
       {event("e1", "observation-create", R"({"id":"o","type":"GENERATION"})"),
        event("e2", "observation-update", R"({"id":"o","type":"GENERATION","model":"m"})")});

  const JsonValue observation = trace(server, "o")["observations"].elements().at(0);
  EXPECT_EQ(observation["type"].as_string(), "GENERATION");
  EXPECT_EQ(observation["model"].as_string(), "m");
}

TEST(Ingestion, AnUpdateKeepsWhatItDoesNotGive) {
  const RunningCollector server(Behaviour::V2);

  post(server, {event("e1", "span-create",
                      R"({"id":"o","traceId":"t","name":"n","input":"i","metadata":{"a":1}})")});
  post(server, {event("e2", "span-update",
                      R"({"id":"o","traceId":"t","output":"out","metadata":{"b":2}})")});

  const JsonValue observation = trace(server, "t")["observations"].elements().at(0);
  EXPECT_EQ(observation["name"].as_string(), "n");
  EXPECT_EQ(observation["input"].as_string(), "i");
  EXPECT_EQ(observation["output"].as_string(), "out");
  EXPECT_EQ(observation["metadata"].to_text(), R"({"a":1,"b":2})");
}

TEST(Ingestion, AppliesCreatesBeforeUpdates) {
  const RunningCollector server(Behaviour::V2);

  post(server, {event("e2", "span-update", R"({"id":"o","traceId":"t","name":"updated"})"),
                event("e1", "span-create", R"({"id":"o","traceId":"t","name":"created"})")});

  EXPECT_EQ(trace(server, "t")["observations"].elements().at(0)["name"].as_string(), "updated");
}

TEST(Ingestion, ATraceIsUpserted) {
  const RunningCollector server(Behaviour::V2);

  post(server, {event("e0", "span-create", R"({"id":"o","traceId":"t"})")});
  post(server, {event("e1", "trace-create", R"({"id":"t","name":"n"})")});
  post(server, {event("e2", "trace-create", R"({"id":"t","output":"o"})"),
                event("e3", "span-create",
                      R"({"id":"o2","traceId":"t","startTime":"2027-01-01T00:00:00Z"})")});

  const JsonValue stored = trace(server, "t");
  EXPECT_EQ(stored["name"].as_string(), "n");
  EXPECT_EQ(stored["output"].as_string(), "o");
  EXPECT_EQ(stored["timestamp"].as_string(), kTime);
}

TEST(Ingestion, ChecksTheTypesOfABody) {
  EXPECT_EQ(verdict_of(event("e", "trace-create", R"({"id":"t","name":7})")), 400);
  EXPECT_EQ(verdict_of(event("e", "trace-create", R"({"id":"t","tags":"a"})")), 400);
  EXPECT_EQ(verdict_of(event("e", "span-create", R"({"id":"o","level":"LOUD"})")), 400);
  EXPECT_EQ(verdict_of(event("e", "span-create", R"({"id":"o","startTime":"now"})")), 400);
  EXPECT_EQ(verdict_of(event("e", "generation-create", R"({"id":"o","promptName":"p"})")), 400);
}

TEST(Ingestion, RefusesModelParametersOfOtherShapes) {
  const auto verdict_on = [](const std::string& value) {
    return verdict_of(
        event("e", "generation-create", R"({"id":"o","modelParameters":{"p":)" + value + "}}"));
  };
  for (const char* taken :
       {R"("text")", "1", "0.5", "true", "null", R"(["a","b"])", "[]", R"({"k":"v"})", "{}"}) {
    EXPECT_EQ(verdict_on(taken), 201) << taken;
  }
  for (const char* refused : {"[1,2]", R"(["a",1])", R"([["a"]])", R"({"50256":-100})",
                              R"({"k":{"k":"v"}})", R"({"k":null})"}) {
    EXPECT_EQ(verdict_on(refused), 400) << refused;
  }
}

TEST(Ingestion, RefusesATraceWithALongName) {
  const auto verdict_on = [](const std::string& name) {
    return verdict_of(event("e", "trace-create", R"({"id":"t","name":")" + name + "\"}"));
  };
  std::string two_units_each;
  for (int i = 0; i < 500; ++i) two_units_each += "\xF0\x9F\x8C\x8D";

  EXPECT_EQ(verdict_on(std::string(1000, 'x')), 201);
  EXPECT_EQ(verdict_on(std::string(1001, 'x')), 400);
  EXPECT_EQ(verdict_on(two_units_each), 201);
  EXPECT_EQ(verdict_on(two_units_each + "x"), 400);
}

TEST(Ingestion, FlattensOpenAiUsage) {
  const RunningCollector server(Behaviour::V2);

  post(server,
       {event("e1", "generation-create",
              R"({"id":"a","usageDetails":{"prompt_tokens":100,"completion_tokens":50,)"
              R"("total_tokens":150,"prompt_tokens_details":{"cached_tokens":40}}})"),
        event("e2", "generation-create",
              R"({"id":"b","usageDetails":{"input":"7","output":1.5,"x":-1}})"),
        event("e3", "generation-create",
              R"({"id":"c","usage":{"promptTokens":3,"completionTokens":4,"totalTokens":7}})")});

  const auto usage = [&](const char* id) {
    return trace(server, id)["observations"].elements().at(0)["usageDetails"].to_text();
  };
  EXPECT_EQ(usage("a"), R"({"input":60,"input_cached_tokens":40,"output":50,"total":150})");
  EXPECT_EQ(usage("b"), R"({"input":7,"total":7})");
  EXPECT_EQ(usage("c"), R"({"input":3,"output":4,"total":7})");
}

TEST(Ingestion, AScoreEventMayComeFromAnEvaluator) {
  EXPECT_EQ(verdict_of(event("e", "score-create",
                             R"({"id":"s","traceId":"t","name":"n","value":1,"source":"EVAL"})")),
            201);
}

TEST(Ingestion, RefusesTheScoreValueTrue) {
  EXPECT_EQ(
      verdict_of(event("e", "score-create", R"({"id":"s","traceId":"t","name":"n","value":true})")),
      400);
}

TEST(Ingestion, TheReplyNamesWhatIsWrong) {
  const RunningCollector server;

  const Reply reply = post(server, {event("e", "score-create", R"({"id":"s","value":1})")});

  const JsonValue error = reply.json()["errors"].elements().at(0);
  EXPECT_EQ(error["message"].as_string(), "Invalid request data");
  EXPECT_NE(error["error"].as_string().find("name"), std::string::npos);
}

}  // namespace
}  // namespace llmtrace::collector::testing
