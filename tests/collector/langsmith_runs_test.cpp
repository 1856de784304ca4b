// Runs as they come in, by every route: what is accepted, what is refused, and how a post and a
// patch become one run.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/collector/langsmith_client.h"

namespace llmtrace::collector::testing {
namespace {

TEST(Runs, ComeInByEveryRoute) {
  for (const char* prefix : {"", "/api/v1"}) {
    const RunningCollector server;
    const LangSmithClient client(server);
    const std::string base = prefix;

    EXPECT_EQ(client.post(base + "/runs", root_post().text()).status, 202);
    EXPECT_EQ(client.patch(base + "/runs/" + kRootId, root_patch().text()).status, 202);
    EXPECT_EQ(client.post(base + "/runs/batch", batch({child_post()}, {})).status, 202);
    const std::string patch = root_patch()
                                  .with("id", '"' + std::string(kChildId) + '"')
                                  .with("dotted_order", '"' + std::string(kChildOrder) + '"')
                                  .text();
    const std::string name = std::string("patch.") + kChildId;
    EXPECT_EQ(client
                  .send("POST", base + "/runs/multipart",
                        multipart_body({{.name = name, .content = patch}}),
                        {std::string("Content-Type: multipart/form-data; boundary=") + kBoundary})
                  .status,
              202);

    EXPECT_EQ(client.run(kRootId)["outputs"]["answer"].as_string(), "because");
    EXPECT_EQ(client.run(kChildId)["status"].as_string(), "success");
  }
}

TEST(Runs, NeedTheKey) {
  const RunningCollector server;
  const std::vector<std::pair<std::string, std::string>> routes = {
      {"POST", "/runs"},
      {"POST", "/runs/batch"},
      {"POST", "/runs/multipart"},
      {"PATCH", std::string("/runs/") + kRootId},
      {"GET", std::string("/runs/") + kRootId},
      {"GET", std::string("/runs/") + kRootId + "/attachments/a"},
      {"POST", "/runs/query"},
      {"GET", "/sessions"},
      {"GET", std::string("/sessions/") + kRootId},
      {"POST", "/feedback"},
      {"GET", "/feedback"},
      {"GET", std::string("/feedback/") + kRootId},
      {"PATCH", std::string("/feedback/") + kRootId},
      {"DELETE", std::string("/feedback/") + kRootId},
      {"POST", "/feedback/tokens"}};
  for (const auto& route : routes) {
    const std::string& path = route.second;
    for (const std::string& prefix : {std::string(), std::string("/api/v1")}) {
      const auto send = [&](std::vector<std::string> headers) {
        return server.client
            .send({.method = route.first,
                   .path = prefix + path,
                   .headers = std::move(headers),
                   .keys = ""})
            .status;
      };
      EXPECT_EQ(send({}), 401) << path;
      EXPECT_EQ(send({"x-api-key: lsv2_pt_other"}), 403) << path;
      EXPECT_NE(send({"X-API-KEY: lsv2_pt_local"}), 401) << path;
      EXPECT_NE(send({"Authorization: Bearer lsv2_pt_local"}), 401) << path;
    }
  }
}

TEST(Runs, ArePendingUntilTheyEnd) {
  const RunningCollector server;
  const LangSmithClient client(server);

  client.post("/runs", root_post().text());
  const JsonValue open = client.run(kRootId);
  client.patch(std::string("/runs/") + kRootId, root_patch().text());
  const JsonValue ended = client.run(kRootId);

  EXPECT_EQ(open["status"].as_string(), "pending");
  EXPECT_TRUE(open["end_time"].is_null());
  EXPECT_EQ(ended["status"].as_string(), "success");
  EXPECT_EQ(ended["end_time"].as_string(), "2023-06-30T08:00:01.500000");
}

TEST(Runs, WithAnErrorHaveItAsTheirStatus) {
  const RunningCollector server;
  const LangSmithClient client(server);

  client.post("/runs", root_post().with("error", R"("boom\n\"quoted\"")").text());

  EXPECT_EQ(client.run(kRootId)["status"].as_string(), "error");
  EXPECT_EQ(client.run(kRootId)["error"].as_string(), "boom\n\"quoted\"");
}

TEST(Runs, TakeThePatchOverThePostInEitherOrder) {
  const JsonObject patch = root_patch().with("name", R"("renamed")").with("tags", "null");
  const JsonObject post = root_post().with("tags", R"(["a"])").with("outputs", R"({"answer":""})");
  for (const bool is_patch_first : {false, true}) {
    const RunningCollector server;
    const LangSmithClient client(server);
    const auto send_patch = [&] {
      EXPECT_EQ(client.post("/runs/batch", batch({}, {patch})).status, 202);
    };

    if (is_patch_first) {
      send_patch();
      EXPECT_EQ(client.get(std::string("/runs/") + kRootId).status, 404);
    }
    EXPECT_EQ(client.post("/runs/batch", batch({post}, {})).status, 202);
    if (!is_patch_first) send_patch();

    const JsonValue run = client.run(kRootId);
    EXPECT_EQ(run["name"].as_string(), "renamed");
    EXPECT_EQ(run["outputs"]["answer"].as_string(), "because");
    EXPECT_EQ(run["inputs"]["question"].as_string(), "why?");
    EXPECT_EQ(run["tags"].to_text(), R"(["a"])");
  }
}

TEST(Runs, MayBePostedAndPatchedInOneRequest) {
  const RunningCollector server;
  const LangSmithClient client(server);

  EXPECT_EQ(client.post("/runs/batch", batch({root_post()}, {root_patch()})).status, 202);

  EXPECT_EQ(client.run(kRootId)["status"].as_string(), "success");
}

TEST(Runs, RepeatedAreAConflictAndTheRestIsStored) {
  const RunningCollector server;
  const LangSmithClient client(server);
  client.post("/runs/batch", batch({root_post()}, {}));

  const Reply reply = client.post(
      "/runs/batch", batch({root_post().with("name", R"("again")"), child_post()}, {root_patch()}));

  EXPECT_EQ(reply.status, 409);
  EXPECT_NE(reply.json()["error"].as_string().find("payload already received"), std::string::npos);
  EXPECT_EQ(client.run(kRootId)["name"].as_string(), "rag");
  EXPECT_EQ(client.run(kRootId)["status"].as_string(), "success");
  EXPECT_EQ(client.run(kChildId)["name"].as_string(), "llm");
}

TEST(Runs, RepeatedInOneRequestAreAConflictToo) {
  const RunningCollector server;
  const LangSmithClient client(server);
  const std::string name = std::string("post.") + kRootId;

  const Reply reply = client.post_parts({{.name = name, .content = root_post().text()},
                                         {.name = name, .content = root_post().text()},
                                         {.name = name + ".outputs", .content = "{\"a\":1}"}});

  EXPECT_EQ(reply.status, 409);
  EXPECT_EQ(client.run(kRootId)["outputs"]["a"].as_integer(), 1);
}

TEST(Runs, PostedOrPatchedAloneTwiceAreAConflict) {
  const RunningCollector server;
  const LangSmithClient client(server);
  const std::string path = std::string("/runs/") + kRootId;

  EXPECT_EQ(client.post("/runs", root_post().text()).status, 202);
  EXPECT_EQ(client.post("/runs", root_post().text()).status, 409);
  EXPECT_EQ(client.patch(path, root_patch().text()).status, 202);
  EXPECT_EQ(client.patch(path, root_patch().text()).status, 409);
}

TEST(Runs, AloneNeedNotSayTheirPlace) {
  const RunningCollector server;
  const LangSmithClient client(server);
  const std::string path = std::string("/runs/") + kRootId;

  const Reply unknown = client.patch(path, R"({"outputs":{"a":1}})");
  const Reply post =
      client.post("/runs", root_post().without("trace_id").without("dotted_order").text());
  const Reply patch = client.patch(path, R"({"outputs":{"a":1}})");

  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(post.status, 202) << post.body;
  EXPECT_EQ(patch.status, 202) << patch.body;
  EXPECT_EQ(client.run(kRootId)["dotted_order"].as_string(), kRootOrder);
  EXPECT_EQ(client.run(kRootId)["outputs"]["a"].as_integer(), 1);
}

TEST(Runs, AreRefusedWithoutWhatEveryRunHas) {
  for (const char* name : {"id", "trace_id", "dotted_order", "name", "run_type", "start_time"}) {
    const RunningCollector server;
    const LangSmithClient client(server);

    const Reply reply = client.post("/runs/batch", batch({root_post().without(name)}, {}));

    EXPECT_EQ(reply.status, 422) << name;
    EXPECT_NE(reply.json()["error"].as_string().find(std::string("'") + name + "' is required"),
              std::string::npos)
        << reply.body;
  }
}

TEST(Runs, AreRefusedWithFieldsOfAnotherType) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"id", R"("0")"},
      {"trace_id", "7"},
      {"parent_run_id", R"("none")"},
      {"name", "1"},
      {"run_type", R"("span")"},
      {"start_time", R"("yesterday")"},
      {"start_time", R"("2023-06-30T08:00:00")"},
      {"end_time", "-1"},
      {"end_time", "1e300"},
      {"error", "{}"},
      {"inputs", "[]"},
      {"outputs", R"("because")"},
      {"outputs", "3"},
      {"extra", "true"},
      {"events", "{}"},
      {"events", R"(["start"])"},
      {"tags", "[1]"},
      {"serialized", R"("x")"},
      {"session_id", R"("demo")"},
      {"reference_example_id", "[]"}};
  for (const auto& [name, json] : wrong) {
    expect_refused(root_post().with(name, json), 422, "'" + name + "' ");
  }
}

TEST(Runs, MayHaveNullForWhatTheyLack) {
  const RunningCollector server;
  const LangSmithClient client(server);
  JsonObject run = root_post();
  for (const char* name : {"parent_run_id", "end_time", "outputs", "error", "events", "tags",
                           "extra", "serialized", "reference_example_id", "session_id"}) {
    run = run.with(name, "null");
  }

  EXPECT_EQ(client.post("/runs/batch", batch({run.with("child_runs", "[]")}, {})).status, 202);
}

TEST(Runs, TakeTheTimesOfAllClients) {
  const std::vector<std::pair<std::string, std::string>> times = {
      {R"("2023-06-30T08:00:00.123456+00:00")", "2023-06-30T08:00:00.123456"},
      {R"("2023-06-30T10:00:00.5+02:00")", "2023-06-30T08:00:00.500000"},
      {R"("2023-06-30T08:00:00Z")", "2023-06-30T08:00:00.000000"},
      {"1688112000123", "2023-06-30T08:00:00.123000"},
      {"1688112000123.456", "2023-06-30T08:00:00.123456"}};
  for (const auto& [given, read] : times) {
    const RunningCollector server;
    const LangSmithClient client(server);

    EXPECT_EQ(client.post("/runs", root_post().with("start_time", given).text()).status, 202);

    EXPECT_EQ(client.run(kRootId)["start_time"].as_string(), read);
  }
}

TEST(Runs, OfAllSevenTypesAreTaken) {
  for (const char* type : {"tool", "chain", "llm", "retriever", "embedding", "prompt", "parser"}) {
    const RunningCollector server;
    const LangSmithClient client(server);
    const std::string json = '"' + std::string(type) + '"';

    EXPECT_EQ(client.post("/runs", root_post().with("run_type", json).text()).status, 202);
  }
}

TEST(Runs, HaveNamesOfAnyLengthUnlessTheServerIsOld) {
  const auto post = [](const RunningCollector& server, const std::string& name) {
    return LangSmithClient(server).post("/runs", root_post().with("name", '"' + name + '"').text());
  };
  std::string accents;
  for (int i = 0; i < 128; ++i) accents += "\xC3\xA9";
  const RunningCollector server;
  const RunningCollector old(CollectorOptions{.langsmith = {.name_limit = 128}});

  EXPECT_EQ(post(server, std::string(129, 'n')).status, 202);
  EXPECT_EQ(post(old, std::string(129, 'n')).status, 422);
  EXPECT_EQ(post(old, accents).status, 202);
}

}  // namespace
}  // namespace llmtrace::collector::testing
