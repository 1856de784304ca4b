// What holds for all routes: keys, error bodies, which server version has which route, read routes.
#include <gtest/gtest.h>

#include "tests/collector/otlp_bodies.h"
#include "tests/collector/running_collector.h"

namespace llmtrace::collector::testing {
namespace {

constexpr const char* kObservationsPath = "/api/public/v2/observations";
constexpr const char* kBearer = "Authorization: Bearer pk-lf-local";
constexpr const char* kJson = "Content-Type: application/json";

Reply post_span(const RunningCollector& server, const Span& span) {
  return server.client.post_json(kOtlpPath, json_body({.spans = {span}}));
}

Reply post_as_browser(const RunningCollector& server, const std::string& path,
                      const std::string& body) {
  return server.client.send(
      {.method = "POST", .path = path, .body = body, .headers = {kBearer, kJson}, .keys = ""});
}

TEST(Keys, AWrongSecretIsA401WithJson) {
  const RunningCollector server;
  for (const char* path : {kOtlpPath, kScoresPath, kIngestionPath}) {
    const Reply reply = server.client.send({.method = "POST",
                                            .path = path,
                                            .body = "{}",
                                            .headers = {kJson},
                                            .keys = "pk-lf-local:wrong"});
    EXPECT_EQ(reply.status, 401) << path;
    EXPECT_TRUE(reply.json()["message"].is_string()) << path;
  }
}

TEST(Keys, IngestionNamesTheErrorToo) {
  const RunningCollector server;

  const Reply reply = server.client.send(
      {.method = "POST", .path = kIngestionPath, .body = "{}", .headers = {kJson}, .keys = "a:b"});

  EXPECT_EQ(reply.json()["error"].as_string(), "UnauthorizedError");
}

TEST(Keys, MissingOrMalformedCredentialsAreA401) {
  const RunningCollector server;
  EXPECT_EQ(server.client.send({.path = kObservationsPath, .keys = ""}).status, 401);
  for (const char* header : {"Authorization: Basic !!!", "Authorization: Basic", "Authorization: ",
                             "Authorization: Digest x", "Authorization: Bearer sk-lf-local"}) {
    const Reply reply =
        server.client.send({.path = kObservationsPath, .headers = {header}, .keys = ""});
    EXPECT_EQ(reply.status, 401) << header;
  }
}

TEST(Keys, TheSecretDecidesAndAWrongPublicKeyIsLetThrough) {
  const RunningCollector server;

  const Reply reply = server.client.send({.path = kObservationsPath, .keys = "other:sk-lf-local"});

  EXPECT_EQ(reply.status, 200);
}

TEST(Keys, CanBeChosen) {
  const RunningCollector server(CollectorOptions{.public_key = "pk-x", .secret_key = "sk-y"});

  EXPECT_EQ(server.client.send({.path = kObservationsPath, .keys = "pk-x:sk-y"}).status, 200);
  EXPECT_EQ(server.client.get(kObservationsPath).status, 401);
}

TEST(Keys, ABearerMaySendScores) {
  const RunningCollector server;

  const Reply score =
      post_as_browser(server, kScoresPath, R"({"traceId":"t","name":"n","value":1})");
  const Reply event = post_as_browser(
      server, kIngestionPath,
      R"({"batch":[{"id":"e","timestamp":"2026-01-31T08:00:00Z","type":"score-create",)"
      R"("body":{"id":"s","traceId":"t","name":"n","value":1}}]})");

  EXPECT_EQ(score.status, 200);
  EXPECT_EQ(event.json()["successes"].elements().size(), 1U);
}

TEST(Keys, ABearerMaySendNothingElse) {
  const RunningCollector server(Behaviour::V2);

  const Reply reply = post_as_browser(
      server, kIngestionPath,
      R"({"batch":[{"id":"e","timestamp":"2026-01-31T08:00:00Z","type":"trace-create",)"
      R"("body":{"id":"t"}}]})");

  EXPECT_EQ(reply.status, 207);
  const JsonValue error = reply.json()["errors"].elements().at(0);
  EXPECT_EQ(error["status"].as_integer(), 401);
  EXPECT_EQ(error["message"].as_string(), "Authentication error");
}

TEST(Keys, ABearerIsRefusedOnTheOtlpRoute) {
  const RunningCollector server;

  const Reply reply = post_as_browser(server, kOtlpPath, json_body({.spans = {Span{}}}));

  EXPECT_EQ(reply.status, 403);
  EXPECT_TRUE(reply.json()["message"].is_string());
  EXPECT_TRUE(server.observations(kTraceId).elements().empty());
}

TEST(Keys, ABearerMayReadNothing) {
  const RunningCollector server;

  const Reply reply =
      server.client.send({.path = kObservationsPath, .headers = {kBearer}, .keys = ""});

  EXPECT_EQ(reply.status, 403);
}

TEST(Health, NeedsNoKeysAndNamesTheVersion) {
  const std::vector<std::pair<Behaviour, const char*>> versions = {
      {Behaviour::V2, "2.95.12"}, {Behaviour::V4_16, "4.16.0"}, {Behaviour::V4_59, "4.59.0"}};
  for (const auto& [behaviour, version] : versions) {
    const RunningCollector server(behaviour);
    const Reply reply = server.client.send({.path = "/api/public/health", .keys = ""});
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.json()["status"].as_string(), "OK");
    EXPECT_EQ(reply.json()["version"].as_string(), version);
  }
}

TEST(Projects, AreOneThatTheKeysOpen) {
  const RunningCollector server;

  const JsonValue project =
      server.client.get("/api/public/projects").json()["data"].elements().at(0);

  EXPECT_EQ(project["id"].as_string(), "local");
  EXPECT_TRUE(project["organization"]["name"].is_string());
  EXPECT_TRUE(project["metadata"].is_object());
  EXPECT_EQ(server.client.send({.path = "/api/public/projects", .keys = "a:b"}).status, 401);
}

TEST(Routes, AnUnknownPathIsA404WithAName) {
  const RunningCollector server;

  const Reply reply = server.client.get("/api/public/nonsense");

  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.json()["error"].as_string(), "LangfuseNotFoundError");
}

TEST(Routes, AnotherMethodIsA405) {
  const RunningCollector server;

  EXPECT_EQ(server.client.send({.method = "PUT", .path = kOtlpPath}).status, 405);
  EXPECT_EQ(server.client.send({.method = "DELETE", .path = kObservationsPath}).status, 405);
}

TEST(Routes, V4HasWithdrawnTheOldReads) {
  for (const Behaviour behaviour : {Behaviour::V4_16, Behaviour::V4_59}) {
    const RunningCollector server(behaviour);
    for (const char* path :
         {"/api/public/traces", "/api/public/traces/t1", "/api/public/observations",
          "/api/public/scores", "/api/public/v2/scores", "/api/public/sessions"}) {
      EXPECT_EQ(server.client.get(path).status, 404) << path;
    }
  }
}

TEST(Routes, V2HasNoOtlpAndNoNewReads) {
  const RunningCollector server(Behaviour::V2);

  EXPECT_EQ(post_span(server, Span{}).status, 404);
  EXPECT_EQ(server.client.get(kObservationsPath).status, 404);
  EXPECT_EQ(server.client.get("/api/public/v2/scores").status, 404);
  EXPECT_EQ(server.client.get("/api/public/v3/scores").status, 404);
}

TEST(Observations, WithoutFieldsShowCoreAndBasic) {
  const RunningCollector server;
  post_span(server, {.attributes = {{"langfuse.observation.input", std::string("secret")}}});

  const JsonValue row = server.client.get(kObservationsPath).json()["data"].elements().at(0);

  for (const char* key : {"id", "traceId", "startTime", "endTime", "projectId",
                          "parentObservationId", "type", "modelId", "inputPrice", "outputPrice",
                          "totalPrice", "name", "level", "environment", "isRootObservation"}) {
    EXPECT_NE(row.find(key), nullptr) << key;
  }
  for (const char* key : {"input", "metadata", "usageDetails", "tags", "createdAt"}) {
    EXPECT_EQ(row.find(key), nullptr) << key;
  }
}

TEST(Observations, ShowTheGroupsThatAreNamed) {
  const RunningCollector server;
  post_span(server, Span{});

  const JsonValue row = server.client.get(std::string(kObservationsPath) + "?fields=io,usage")
                            .json()["data"]
                            .elements()
                            .at(0);

  EXPECT_NE(row.find("input"), nullptr);
  EXPECT_NE(row.find("usageDetails"), nullptr);
  EXPECT_NE(row.find("id"), nullptr);
  EXPECT_EQ(row.find("name"), nullptr);
  EXPECT_EQ(server.client.get(std::string(kObservationsPath) + "?fields=all").status, 400);
}

TEST(Observations, CutLongMetadataUnlessExpanded) {
  const RunningCollector server;
  const std::string long_text(300, 'x');
  post_span(server, {.attributes = {{"langfuse.observation.metadata.k", long_text}}});
  const auto length = [&](const std::string& query) {
    return server.client.get(std::string(kObservationsPath) + "?fields=metadata" + query)
        .json()["data"]
        .elements()
        .at(0)["metadata"]["k"]
        .as_string()
        .size();
  };

  EXPECT_EQ(length(""), 200U);
  EXPECT_EQ(length("&expandMetadata=other,k"), 300U);
}

TEST(Observations, FilterByTheirFields) {
  const RunningCollector server;
  const Attributes generation = {{"langfuse.observation.type", std::string("generation")},
                                 {"user.id", std::string("u-1")},
                                 {"session.id", std::string("s-1")}};
  post_span(server, {.span_id = "00000000000000a1", .name = "root"});
  post_span(server, {.span_id = "00000000000000a2",
                     .parent_id = "00000000000000a1",
                     .name = "child",
                     .start = kStart + 1'000'000'000,
                     .attributes = generation});
  post_span(server, {.trace_id = std::string(32, 'a'), .name = "else"});
  const auto count = [&](const std::string& query) {
    const Reply reply = server.client.get(std::string(kObservationsPath) + "?" + query);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return reply.json()["data"].elements().size();
  };

  EXPECT_EQ(count(""), 3U);
  EXPECT_EQ(count(std::string("traceId=") + kTraceId), 2U);
  EXPECT_EQ(count("type=GENERATION"), 1U);
  EXPECT_EQ(count("userId=u-1"), 1U);
  EXPECT_EQ(count("sessionId=s-1"), 1U);
  EXPECT_EQ(count("name=root"), 1U);
  EXPECT_EQ(count("level=ERROR"), 0U);
  EXPECT_EQ(count("parentObservationId=00000000000000a1"), 1U);
  EXPECT_EQ(count("parentObservationId="), 2U);
  EXPECT_EQ(count("isRootObservation=false"), 1U);
  EXPECT_EQ(count("environment=default,prod"), 3U);
  EXPECT_EQ(count("fromStartTime=2023-11-14T22:13:21Z"), 1U);
  EXPECT_EQ(count("toStartTime=2023-11-14T22:13:21Z"), 2U);
}

TEST(Observations, PageByCursorNewestFirst) {
  const RunningCollector server;
  for (int i = 1; i <= 5; ++i) {
    post_span(server, {.span_id = "00000000000000a" + std::to_string(i),
                       .start = kStart + static_cast<std::uint64_t>(i / 2) * 1'000'000});
  }

  std::string ids;
  std::string cursor;
  do {
    const JsonValue page =
        server.client.get(std::string(kObservationsPath) + "?limit=2" + cursor).json();
    for (const JsonValue& row : page["data"].elements()) ids += row["id"].as_string().back();
    const JsonValue* next = page["meta"].find("cursor");
    cursor = next == nullptr ? "" : "&cursor=" + next->as_string();
  } while (!cursor.empty());

  EXPECT_EQ(ids, "54321");
}

TEST(Observations, RefuseParametersThatMakeNoSense) {
  const RunningCollector server;
  for (const char* query : {"limit=1001", "limit=0", "limit=x", "cursor=%00", "parseIoAsJson=true",
                            "fromStartTime=now", "filter=[]"}) {
    const Reply reply = server.client.get(std::string(kObservationsPath) + "?" + query);
    EXPECT_EQ(reply.status, 400) << query;
    EXPECT_EQ(reply.json()["message"].as_string(), "Invalid request data") << query;
  }
}

TEST(LegacyReads, PageObservationsAndScores) {
  const RunningCollector server(Behaviour::V2);
  std::string events;
  for (const char* id : {"1", "2", "3"}) {
    events += std::string(events.empty() ? "" : ",") + R"({"id":"e)" + id +
              R"(","timestamp":"2026-01-31T08:00:00Z","type":"span-create","body":{"id":"o)" + id +
              R"(","traceId":"t"}},{"id":"s)" + id +
              R"(","timestamp":"2026-01-31T08:00:00Z","type":"score-create","body":{"id":"s)" + id +
              R"(","traceId":"t","name":"n","value":1,"dataType":"BOOLEAN"}})";
  }
  server.client.post_json(kIngestionPath, R"({"batch":[)" + events + "]}");

  const JsonValue observations =
      server.client.get("/api/public/observations?traceId=t&limit=2&page=2").json();
  const JsonValue scores = server.client.get("/api/public/scores?name=n&limit=2").json();

  EXPECT_EQ(observations["data"].elements().size(), 1U);
  EXPECT_EQ(observations["meta"].to_text(),
            R"({"page":2,"limit":2,"totalItems":3,"totalPages":2})");
  EXPECT_EQ(scores["data"].elements().size(), 2U);
  EXPECT_EQ(scores["data"].elements()[0]["stringValue"].as_string(), "True");
  EXPECT_EQ(server.client.get("/api/public/traces/none").status, 404);
}

}  // namespace
}  // namespace llmtrace::collector::testing
