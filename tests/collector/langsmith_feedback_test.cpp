// Feedback, alone, among runs, and through tokens.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/collector/langsmith_client.h"

namespace llmtrace::collector::testing {
namespace {

constexpr const char* kFeedbackId = "0190aaaa-0000-7000-8000-00000000f00d";

JsonObject feedback() {
  return {{"id", '"' + std::string(kFeedbackId) + '"'},
          {"key", R"("quality")"},
          {"run_id", '"' + std::string(kRootId) + '"'},
          {"score", "0.9"}};
}

struct WithRun {
  WithRun() : client(server) { client.post("/runs", root_post().text()); }

  JsonValue read() const { return client.get(std::string("/feedback/") + kFeedbackId).json(); }

  RunningCollector server;
  LangSmithClient client;
};

TEST(Feedback, IsGivenAndRead) {
  const WithRun with;
  const JsonObject given = feedback()
                               .with("value", R"({"grade":"A"})")
                               .with("comment", R"("grounded")")
                               .with("correction", R"("better")")
                               .with("extra", R"({"a":1})")
                               .with("feedback_source", R"({"type":"model","metadata":{"m":1}})");

  const Reply reply = with.client.post("/feedback", given.text());

  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(with.read().to_text(), reply.json().to_text());
  const JsonValue read = with.read();
  EXPECT_EQ(read["id"].as_string(), kFeedbackId);
  EXPECT_EQ(read["score"].as_double(), 0.9);
  EXPECT_EQ(read["value"]["grade"].as_string(), "A");
  EXPECT_EQ(read["comment"].as_string(), "grounded");
  EXPECT_EQ(read["correction"].as_string(), "better");
  EXPECT_EQ(read["extra"]["a"].as_integer(), 1);
  EXPECT_EQ(read["feedback_source"]["type"].as_string(), "model");
  EXPECT_EQ(read["trace_id"].as_string(), kRootId);
  EXPECT_EQ(read["session_id"].as_string(), with.client.run(kRootId)["session_id"].as_string());
  EXPECT_TRUE(read["is_root"].as_bool());
}

TEST(Feedback, NeedsATarget) {
  const WithRun with;
  const JsonObject none = feedback().without("run_id");
  const std::string session = with.client.run(kRootId)["session_id"].to_text();

  const Reply reply = with.client.post("/feedback", none.text());

  EXPECT_EQ(reply.status, 422);
  EXPECT_NE(reply.body.find("'run_id' is required, or trace_id, or session_id"), std::string::npos)
      << reply.body;
  EXPECT_EQ(with.client.post("/feedback", none.with("run_id", "null").text()).status, 422);
  EXPECT_EQ(with.client.post("/feedback", none.with("session_id", session).text()).status, 200);
  const std::string trace = '"' + std::string(kRootId) + '"';
  EXPECT_EQ(with.client.post("/feedback", none.with("trace_id", trace).text()).status, 200);
}

TEST(Feedback, OnARunThatIsNotThereIsA404) {
  const RunningCollector server;
  const LangSmithClient client(server);

  const Reply early = client.post("/feedback", feedback().text());
  client.post("/runs", root_post().text());

  EXPECT_EQ(early.status, 404);
  EXPECT_EQ(early.json()["detail"].as_string(), "Run not found");
  EXPECT_EQ(client.post("/feedback", feedback().text()).status, 200);
}

TEST(Feedback, OfScoresAndValuesOfEveryKindIsTaken) {
  const WithRun with;
  for (const char* score : {"1", "0.25", "-3", "true", "false", "null"}) {
    EXPECT_EQ(with.client.post("/feedback", feedback().with("score", score).text()).status, 200)
        << score;
  }
  for (const char* value : {"1", "0.25", "true", "null", R"("good")", R"({"a":1})"}) {
    EXPECT_EQ(with.client.post("/feedback", feedback().with("value", value).text()).status, 200)
        << value;
  }
}

TEST(Feedback, ThatBreaksTheSchemaIsRefused) {
  const WithRun with;
  const std::string long_key = '"' + std::string(181, 'k') + '"';
  for (const JsonObject& wrong :
       {feedback().without("key"), feedback().with("key", R"("")"),
        feedback().with("key", long_key), feedback().with("score", R"("0.9")"),
        feedback().with("score", "{}"), feedback().with("value", "[]"),
        feedback().with("comment", "1"), feedback().with("correction", "1"),
        feedback().with("run_id", R"("x")"), feedback().with("id", "1"),
        feedback().with("feedback_source", R"("api")")}) {
    const Reply reply = with.client.post("/feedback", wrong.text());
    EXPECT_EQ(reply.status, 422) << wrong.text();
    EXPECT_TRUE(reply.json()["detail"].is_array()) << reply.body;
  }
  EXPECT_EQ(with.client
                .post("/feedback", feedback().with("key", '"' + std::string(180, 'k') + '"').text())
                .status,
            200);
}

TEST(Feedback, IsChangedAndRemoved) {
  const WithRun with;
  const std::string path = std::string("/feedback/") + kFeedbackId;
  with.client.post("/feedback", feedback().with("comment", R"("first")").text());

  const Reply patch = with.client.patch(path, R"({"score":0.1})");
  const JsonValue changed = with.read();
  const long removed = with.client.send("DELETE", path, "", {}).status;

  EXPECT_EQ(patch.status, 200);
  EXPECT_EQ(changed["score"].as_double(), 0.1);
  EXPECT_EQ(changed["comment"].as_string(), "first");
  EXPECT_EQ(removed, 200);
  EXPECT_EQ(with.client.get(path).status, 404);
  EXPECT_EQ(with.client.patch(path, "{}").status, 404);
  EXPECT_EQ(with.client.send("DELETE", path, "", {}).status, 404);
}

TEST(Feedback, LosesWhatAChangeSetsToNull) {
  const WithRun with;
  const JsonObject given = feedback()
                               .with("value", R"("good")")
                               .with("comment", R"("first")")
                               .with("correction", R"("better")");
  with.client.post("/feedback", given.text());

  const Reply patch =
      with.client.patch(std::string("/feedback/") + kFeedbackId,
                        R"({"score":null,"value":null,"comment":null,"correction":null})");

  EXPECT_EQ(patch.status, 200);
  const JsonValue read = with.read();
  for (const char* name : {"score", "value", "comment", "correction"}) {
    EXPECT_TRUE(read[name].is_null()) << name;
  }
  EXPECT_EQ(read["key"].as_string(), "quality");
}

TEST(Feedback, OfTheSameIdReplacesWhatWasThere) {
  const WithRun with;
  with.client.post("/feedback", feedback().text());
  with.client.post("/feedback", feedback().with("score", "0.2").text());

  EXPECT_EQ(with.read()["score"].as_double(), 0.2);
  EXPECT_EQ(with.client.get("/feedback").json().elements().size(), 1U);
}

TEST(Feedback, IsListedByRunKeyAndProject) {
  const WithRun with;
  with.client.post("/runs", child_post().text());
  with.client.post("/feedback", feedback().text());
  with.client.post("/feedback", feedback()
                                    .without("id")
                                    .with("key", R"("speed")")
                                    .with("run_id", '"' + std::string(kChildId) + '"')
                                    .text());
  const std::string session = with.client.run(kRootId)["session_id"].as_string();
  const auto count = [&](const std::string& query) {
    return with.client.get("/feedback?" + query).json().elements().size();
  };

  EXPECT_EQ(count(std::string("run=") + kRootId), 1U);
  EXPECT_EQ(count(std::string("run=") + kRootId + "&run=" + kChildId), 2U);
  EXPECT_EQ(count("key=speed"), 1U);
  EXPECT_EQ(count("session=" + session), 2U);
  EXPECT_EQ(count("limit=1"), 1U);
  EXPECT_EQ(count("limit=1&offset=2"), 0U);
}

TEST(Feedback, IsListedByItsSource) {
  const WithRun with;
  with.client.post("/feedback", feedback().text());
  with.client.post("/feedback",
                   feedback().without("id").with("feedback_source", R"({"type":"model"})").text());
  const auto count = [&](const std::string& query) {
    return with.client.get("/feedback?" + query).json().elements().size();
  };

  EXPECT_EQ(count("source=model"), 1U);
  EXPECT_EQ(count("source=api"), 1U);
  EXPECT_EQ(count("source=api&source=model"), 2U);
  EXPECT_EQ(count("source=app"), 0U);
}

TEST(Feedback, ComesInMultipartToo) {
  const RunningCollector server;
  const LangSmithClient client(server);
  const std::string name = std::string("feedback.") + kFeedbackId;
  const JsonObject given =
      feedback().without("id").with("trace_id", '"' + std::string(kRootId) + '"');

  const Reply reply = client.post_parts({{.name = name, .content = given.text()}});

  EXPECT_EQ(reply.status, 202) << reply.body;
  const JsonValue read = client.get(std::string("/feedback/") + kFeedbackId).json();
  EXPECT_EQ(read["key"].as_string(), "quality");
  EXPECT_EQ(read["trace_id"].as_string(), kRootId);
}

TEST(Feedback, InMultipartNeedsItsTrace) {
  const RunningCollector server;
  const LangSmithClient client(server);

  const Reply reply = client.post_parts(
      {{.name = std::string("post.") + kRootId, .content = root_post().text()},
       {.name = std::string("feedback.") + kFeedbackId, .content = feedback().text()}});

  EXPECT_EQ(reply.status, 422);
  EXPECT_NE(reply.body.find("'trace_id' is required"), std::string::npos) << reply.body;
  EXPECT_EQ(client.get(std::string("/runs/") + kRootId).status, 404);
}

TEST(Feedback, NeedsItsProjectOnServersThatAskForIt) {
  const RunningCollector server(CollectorOptions{.langsmith = {.feedback_needs_session = true}});
  const LangSmithClient client(server);
  client.post("/runs", root_post().text());
  const std::string session = client.run(kRootId)["session_id"].to_text();

  EXPECT_TRUE(client.get("/info").json()["instance_flags"]["sdb_query_enabled"].as_bool());
  EXPECT_FALSE(client.get("/info").json()["instance_flags"]["ch_query_enabled"].as_bool());
  EXPECT_EQ(client.post("/feedback", feedback().text()).status, 422);
  EXPECT_EQ(client.post("/feedback", feedback().with("session_id", session).text()).status, 200);
}

TEST(Feedback, OfMoreThanAMebibyteIsRefused) {
  const WithRun with;
  const std::string comment = '"' + std::string(1024 * 1024, 'c') + '"';

  const Reply reply = with.client.post("/feedback", feedback().with("comment", comment).text());

  EXPECT_EQ(reply.status, 413);
  EXPECT_TRUE(reply.json()["detail"].is_string());
}

class Tokens : public ::testing::Test {
 protected:
  std::string request(const std::string& more = "") const {
    return "{\"run_id\":\"" + std::string(kRootId) + "\",\"feedback_key\":\"thumb\"" + more + "}";
  }
  /// Path of the URL of a new token.
  std::string make_path(const std::string& more = "") const {
    const JsonValue token = with_.client.post("/feedback/tokens", request(more)).json();
    const std::string url = token["url"].as_string();
    EXPECT_TRUE(url.starts_with(with_.server.collector.url() + "/feedback/tokens/")) << url;
    return url.substr(with_.server.collector.url().size());
  }
  Reply without_key(const std::string& path, const std::string& body = "") const {
    return with_.server.client.send(
        {.method = body.empty() ? "GET" : "POST", .path = path, .body = body, .keys = ""});
  }
  JsonValue given() const { return with_.client.get("/feedback?key=thumb").json(); }

  WithRun with_;
};

TEST_F(Tokens, LetAnybodyGiveFeedback) {
  const std::string path = make_path();

  EXPECT_EQ(without_key(path + "?score=0.5&value=good&comment=1&correction=%7B%7D").status, 200);
  ASSERT_EQ(given().elements().size(), 1U);
  const JsonValue by_get = given().elements()[0];
  EXPECT_EQ(without_key(path, R"({"score":true,"metadata":{"page":1}})").status, 200);
  ASSERT_EQ(given().elements().size(), 2U);
  const JsonValue by_post = given().elements()[0];

  EXPECT_EQ(by_get["score"].as_double(), 0.5);
  EXPECT_EQ(by_get["value"].as_string(), "good");
  EXPECT_EQ(by_get["comment"].as_string(), "1");
  EXPECT_EQ(by_get["correction"].as_string(), "{}");
  EXPECT_EQ(by_get["run_id"].as_string(), kRootId);
  EXPECT_TRUE(by_post["score"].as_bool());
  EXPECT_EQ(by_post["feedback_source"]["metadata"]["page"].as_integer(), 1);
}

TEST_F(Tokens, AreMadeOneByOneOrMany) {
  const JsonValue one = with_.client.post("/feedback/tokens", request()).json();
  const JsonValue many =
      with_.client.post("/feedback/tokens", "[" + request() + "," + request() + "]").json();

  for (const char* name : {"id", "url", "expires_at", "feedback_key"}) {
    EXPECT_TRUE(one[name].is_string()) << name;
  }
  ASSERT_EQ(many.elements().size(), 2U);
  EXPECT_NE(many.elements()[0]["id"].as_string(), many.elements()[1]["id"].as_string());
}

TEST_F(Tokens, KeepThePrefixOfTheRequestInTheirUrl) {
  const JsonValue token = with_.client.post("/api/v1/feedback/tokens", request()).json();

  EXPECT_TRUE(token["url"].as_string().starts_with(with_.server.collector.url() +
                                                   "/api/v1/feedback/tokens/"));
}

TEST_F(Tokens, Expire) {
  const std::string expired = make_path(R"(,"expires_at":"2020-01-01T00:00:00Z")");
  const std::string at_once = make_path(R"(,"expires_in":{"days":0})");
  const std::string lasting = make_path(R"(,"expires_in":{"days":1,"hours":2,"minutes":3})");

  EXPECT_EQ(without_key(expired + "?score=1").status, 403);
  EXPECT_EQ(without_key(at_once, "{\"score\":1}").status, 403);
  EXPECT_EQ(without_key(lasting + "?score=1").status, 200);
  EXPECT_EQ(given().elements().size(), 1U);
}

TEST_F(Tokens, ThatAreNotKnownAreA404) {
  EXPECT_EQ(without_key(std::string("/feedback/tokens/") + kRootId + "?score=1").status, 404);
  EXPECT_EQ(without_key("/feedback/tokens/x?score=1").status, 404);
}

TEST_F(Tokens, AreRefusedWithoutWhatTheyNeed) {
  for (
      const char* body :
      {"{}", "x", "[1]", R"({"run_id":"01890a5d-ac96-774b-bcce-b302099a8057"})",
       R"({"run_id":"x","feedback_key":"k"})",
       R"({"run_id":"01890a5d-ac96-774b-bcce-b302099a8057","feedback_key":"k","expires_in":{"days":-1}})"}) {
    EXPECT_EQ(with_.client.post("/feedback/tokens", body).status, 422) << body;
  }
  EXPECT_EQ(without_key(make_path() + "?score=much").status, 422);
}

}  // namespace
}  // namespace llmtrace::collector::testing
