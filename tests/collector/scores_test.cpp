// POST /api/public/scores and what GET /api/public/v3/scores says afterwards.
#include <gtest/gtest.h>

#include <algorithm>

#include "common/src/compression.h"
#include "tests/collector/running_collector.h"

namespace llmtrace::collector::testing {
namespace {

Reply post(const RunningCollector& server, const std::string& body) {
  return server.client.post_json(kScoresPath, body);
}

long status_of(const std::string& body) {
  const RunningCollector server;
  const Reply reply = post(server, body);
  if (reply.status == 400) {
    EXPECT_EQ(reply.json()["message"].as_string(), "Invalid request data");
    EXPECT_FALSE(reply.json()["error"].elements().empty());
  }
  return reply.status;
}

// The real server's framework hands on a string then.
TEST(Scores, ABodyThatIsNotCalledJsonIsNone) {
  const RunningCollector server;
  const Reply reply = server.client.send({.method = "POST",
                                          .path = kScoresPath,
                                          .body = R"({"name":"n","value":1,"traceId":"t"})",
                                          .headers = {"Content-Type: text/plain"}});
  EXPECT_EQ(reply.status, 400);
}

TEST(Scores, StoresOneAndReturnsItsId) {
  const RunningCollector server;

  const Reply reply =
      post(server, R"({"id":"s1","traceId":"t1","observationId":"o1","name":"quality",)"
                   R"("value":0.9,"comment":"grounded","metadata":{"k":[1]}})");

  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, R"({"id":"s1"})");
  const JsonValue score = server.scores("traceId=t1").elements().at(0);
  EXPECT_EQ(score["name"].as_string(), "quality");
  EXPECT_EQ(score["value"].as_double(), 0.9);
  EXPECT_EQ(score["dataType"].as_string(), "NUMERIC");
  EXPECT_EQ(score["source"].as_string(), "API");
  EXPECT_EQ(score["environment"].as_string(), "default");
  EXPECT_EQ(score["comment"].as_string(), "grounded");
  EXPECT_EQ(score["metadata"].to_text(), R"({"k":[1]})");
  EXPECT_EQ(score["subject"].to_text(), R"({"kind":"observation","id":"o1","traceId":"t1"})");
}

TEST(Scores, MakesUpAMissingId) {
  const RunningCollector server;

  const Reply reply = post(server, R"({"traceId":"t1","name":"n","value":1})");

  const std::string id = reply.json()["id"].as_string();
  EXPECT_EQ(id.size(), 36U);
  EXPECT_EQ(server.scores("id=" + id).elements().size(), 1U);
}

TEST(Scores, ReplacesAScoreOfTheSameId) {
  const RunningCollector server;

  post(server, R"({"id":"s1","traceId":"t1","name":"n","value":1})");
  post(server, R"({"id":"s1","traceId":"t1","name":"n","value":2})");

  const JsonValue scores = server.scores("traceId=t1");
  ASSERT_EQ(scores.elements().size(), 1U);
  EXPECT_EQ(scores.elements()[0]["value"].as_double(), 2);
}

TEST(Scores, InfersTheTypeFromTheValue) {
  const RunningCollector server;

  post(server, R"({"id":"n","sessionId":"s","name":"n","value":1})");
  post(server, R"({"id":"c","sessionId":"s","name":"n","value":"good"})");

  EXPECT_EQ(server.scores("id=n").elements().at(0)["dataType"].as_string(), "NUMERIC");
  EXPECT_EQ(server.scores("id=c").elements().at(0)["dataType"].as_string(), "CATEGORICAL");
  EXPECT_EQ(server.scores("id=c").elements().at(0)["value"].as_string(), "good");
}

TEST(Scores, RefusesJsonTrue) {
  EXPECT_EQ(status_of(R"({"traceId":"t","name":"n","value":true})"), 400);
  EXPECT_EQ(status_of(R"({"traceId":"t","name":"n","value":true,"dataType":"BOOLEAN"})"), 400);
}

TEST(Scores, BooleansAreOneOrZero) {
  const RunningCollector server;

  const Reply reply = post(server, R"({"traceId":"t","name":"n","value":1,"dataType":"BOOLEAN"})");

  EXPECT_EQ(reply.status, 200);
  const JsonValue value = server.scores("traceId=t").elements().at(0)["value"];
  EXPECT_EQ(value.to_text(), "true");
  EXPECT_EQ(status_of(R"({"traceId":"t","name":"n","value":0,"dataType":"BOOLEAN"})"), 200);
  EXPECT_EQ(status_of(R"({"traceId":"t","name":"n","value":2,"dataType":"BOOLEAN"})"), 400);
  EXPECT_EQ(status_of(R"({"traceId":"t","name":"n","value":"1","dataType":"BOOLEAN"})"), 400);
}

TEST(Scores, TheValueMustFitTheType) {
  EXPECT_EQ(status_of(R"({"traceId":"t","name":"n","value":"x","dataType":"NUMERIC"})"), 400);
  EXPECT_EQ(status_of(R"({"traceId":"t","name":"n","value":1,"dataType":"CATEGORICAL"})"), 400);
  EXPECT_EQ(status_of(R"({"traceId":"t","name":"n","value":1,"dataType":"numeric"})"), 400);
  EXPECT_EQ(status_of(R"({"traceId":"t","name":"n"})"), 400);
  EXPECT_EQ(status_of(R"({"traceId":"t","name":"n","value":null})"), 400);
}

TEST(Scores, TextHasOneToFiveHundredCharacters) {
  const auto body = [](const std::string& text) {
    return R"({"traceId":"t","name":"n","dataType":"TEXT","value":")" + text + R"("})";
  };
  std::string umlauts;
  for (int i = 0; i < 500; ++i) umlauts += "\xC3\xA4";

  EXPECT_EQ(status_of(body("")), 400);
  EXPECT_EQ(status_of(body("x")), 200);
  EXPECT_EQ(status_of(body(umlauts)), 200);
  EXPECT_EQ(status_of(body(umlauts + "x")), 400);
}

TEST(Scores, ACorrectionIsNamedOutput) {
  const RunningCollector server;

  const Reply reply =
      post(server, R"({"traceId":"t","name":"n","value":"better","dataType":"CORRECTION"})");

  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(server.scores("traceId=t").elements().at(0)["name"].as_string(), "output");
  EXPECT_EQ(status_of(R"({"sessionId":"s","name":"n","value":"b","dataType":"CORRECTION"})"), 400);
  EXPECT_EQ(
      status_of(R"({"traceId":"t","name":"n","value":"b","dataType":"CORRECTION","configId":"c"})"),
      400);
}

TEST(Scores, NeedExactlyOneTarget) {
  EXPECT_EQ(status_of(R"({"name":"n","value":1})"), 400);
  EXPECT_EQ(status_of(R"({"traceId":"t","sessionId":"s","name":"n","value":1})"), 400);
  EXPECT_EQ(status_of(R"({"sessionId":"s","name":"n","value":1})"), 200);
  EXPECT_EQ(status_of(R"({"datasetRunId":"d","name":"n","value":1})"), 200);
  EXPECT_EQ(status_of(R"({"sessionId":"s","observationId":"o","name":"n","value":1})"), 400);
}

TEST(Scores, NeedAName) {
  EXPECT_EQ(status_of(R"({"traceId":"t","value":1})"), 400);
  EXPECT_EQ(status_of(R"({"traceId":"t","name":"","value":1})"), 400);
  EXPECT_EQ(status_of(R"({"traceId":"t","name":7,"value":1})"), 400);
}

TEST(Scores, RefuseTheSourceEval) {
  EXPECT_EQ(status_of(R"({"traceId":"t","name":"n","value":1,"source":"EVAL"})"), 400);
}

TEST(Scores, AnnotationNeedsAConfig) {
  EXPECT_EQ(status_of(R"({"traceId":"t","name":"n","value":1,"source":"ANNOTATION"})"), 400);
  EXPECT_EQ(
      status_of(R"({"traceId":"t","name":"n","value":1,"source":"ANNOTATION","configId":"c"})"),
      200);
}

TEST(Scores, MetadataMustBeAnObject) {
  EXPECT_EQ(status_of(R"({"traceId":"t","name":"n","value":1,"metadata":[1]})"), 400);
}

TEST(Scores, AnArrayIsRefusedByV416) {
  const RunningCollector server(Behaviour::V4_16);

  const Reply reply = post(server, R"([{"traceId":"t","name":"n","value":1}])");

  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.json()["message"].as_string(), "Invalid request data");
  const JsonValue issue = reply.json()["error"].elements().at(0);
  EXPECT_EQ(issue["expected"].as_string(), "object");
  EXPECT_EQ(issue["code"].as_string(), "invalid_type");
  EXPECT_TRUE(issue["path"].is_array());
  EXPECT_TRUE(issue["path"].elements().empty());
  EXPECT_TRUE(server.scores("traceId=t").elements().empty());
}

TEST(Scores, AnArrayIsAcceptedFromV459On) {
  const RunningCollector server(Behaviour::V4_59);

  const Reply reply = post(server, R"([{"traceId":"t","name":"a","value":1},)"
                                   R"({"traceId":"t","name":"b","value":"x"}])");

  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(reply.json()["message"].as_string(), "Accepted");
  EXPECT_EQ(server.scores("traceId=t").elements().size(), 2U);
}

TEST(Scores, AnArrayWithBadOnesIsA207WithoutIds) {
  const RunningCollector server;

  const Reply reply = post(server, R"([{"id":"s1","traceId":"t","name":"a","value":1},)"
                                   R"({"id":"s2","traceId":"t","name":"b","value":true},7])");

  EXPECT_EQ(reply.status, 207);
  EXPECT_EQ(reply.json()["accepted"].as_integer(), 1);
  EXPECT_EQ(reply.json()["rejected"].as_integer(), 2);
  const JsonValue errors = reply.json()["errors"];
  ASSERT_EQ(errors.elements().size(), 2U);
  for (const JsonValue& error : errors.elements()) {
    EXPECT_TRUE(error["message"].is_string());
    EXPECT_EQ(error.members().size(), 1U);
  }
  EXPECT_EQ(server.scores("traceId=t").elements().size(), 1U);
}

TEST(Scores, RefuseMoreThanOneMegabyteInPlainText) {
  const RunningCollector server;
  const std::string comment(1024 * 1024, 'x');

  const Reply reply =
      post(server, R"({"traceId":"t","name":"n","value":1,"comment":")" + comment + R"("})");

  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.content_type.substr(0, 10), "text/plain");
}

TEST(Scores, RefuseGzip) {
  const RunningCollector server;

  const Reply reply =
      server.client.send({.method = "POST",
                          .path = kScoresPath,
                          .body = gzip(R"({"traceId":"t","name":"n","value":1})"),
                          .headers = {"Content-Type: application/json", "Content-Encoding: gzip"}});

  EXPECT_EQ(reply.status, 400);
}

TEST(ScoreReads, FilterBySessionAndTraceAndObservation) {
  const RunningCollector server;
  post(server, R"({"id":"a","traceId":"t1","observationId":"o1","name":"n","value":1})");
  post(server, R"({"id":"b","traceId":"t1","name":"n","value":1})");
  post(server, R"({"id":"c","sessionId":"s1","name":"n","value":1})");
  post(server, R"({"id":"d","datasetRunId":"d1","name":"n","value":1})");

  EXPECT_EQ(server.scores("traceId=t1").elements().size(), 2U);
  EXPECT_EQ(server.scores("traceId=t1,other").elements().size(), 2U);
  const JsonValue by_observation = server.scores("traceId=t1&observationId=o1");
  ASSERT_EQ(by_observation.elements().size(), 1U);
  EXPECT_EQ(by_observation.elements()[0]["id"].as_string(), "a");
  const JsonValue session = server.scores("sessionId=s1").elements().at(0);
  EXPECT_EQ(session["subject"].to_text(), R"({"kind":"session","id":"s1"})");
  const JsonValue run = server.scores("experimentId=d1").elements().at(0);
  EXPECT_EQ(run["subject"].to_text(), R"({"kind":"experiment","id":"d1"})");
}

TEST(ScoreReads, RefuseContradictoryFilters) {
  const RunningCollector server;
  const auto status = [&](const std::string& query) {
    return server.client.get("/api/public/v3/scores?" + query).status;
  };

  EXPECT_EQ(status("traceId=t&sessionId=s"), 400);
  EXPECT_EQ(status("observationId=o"), 400);
  EXPECT_EQ(status("limit=101"), 400);
  EXPECT_EQ(status("limit=0"), 400);
  EXPECT_EQ(status("fields=unknown"), 400);
  EXPECT_EQ(status("cursor=nonsense"), 400);
}

TEST(ScoreReads, ShowFurtherFieldsOnlyWhenAsked) {
  const RunningCollector server;
  post(server, R"({"traceId":"t1","name":"n","value":1,"comment":"c"})");

  const JsonValue plain =
      server.client.get("/api/public/v3/scores?traceId=t1").json()["data"].elements().at(0);

  EXPECT_EQ(plain.find("comment"), nullptr);
  EXPECT_EQ(plain.find("subject"), nullptr);
  EXPECT_EQ(plain["projectId"].as_string(), "local");
}

TEST(ScoreReads, PageByCursor) {
  const RunningCollector server;
  for (int i = 0; i < 5; ++i) {
    post(server, R"({"traceId":"t1","name":"n","value":)" + std::to_string(i) + "}");
  }

  std::vector<double> values;
  std::string cursor;
  do {
    const JsonValue page =
        server.client.get("/api/public/v3/scores?traceId=t1&limit=2" + cursor).json();
    for (const JsonValue& score : page["data"].elements()) {
      values.push_back(score["value"].as_double());
    }
    const JsonValue* next = page["meta"].find("cursor");
    cursor = next == nullptr ? "" : "&cursor=" + next->as_string();
  } while (!cursor.empty());

  std::sort(values.begin(), values.end());
  EXPECT_EQ(values, (std::vector<double>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace llmtrace::collector::testing
