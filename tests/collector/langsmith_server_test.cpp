// What the server tells of itself, and its key.
#include <gtest/gtest.h>

#include <string>

#include "common/src/compression.h"
#include "tests/collector/langsmith_client.h"

namespace llmtrace::collector::testing {
namespace {

TEST(Info, TellsWhatTheServerTakes) {
  const RunningCollector server;
  for (const char* path : {"/info", "/api/v1/info"}) {
    const Reply reply = server.client.send({.path = path, .keys = ""});

    EXPECT_EQ(reply.status, 200);
    EXPECT_FALSE(reply.json()["version"].as_string().empty());
    EXPECT_EQ(reply.json()["batch_ingest_config"].to_text(),
              R"({"use_multipart_endpoint":true,"scale_up_qsize_trigger":1000,)"
              R"("scale_up_nthreads_limit":16,"scale_down_nempty_trigger":4,)"
              R"("size_limit":100,"size_limit_bytes":20971520})");
    EXPECT_EQ(reply.json()["instance_flags"].to_text(),
              R"({"zstd_compression_enabled":true,"gzip_body_enabled":true,)"
              R"("ch_query_enabled":true,"sdb_query_enabled":false})");
  }
}

TEST(Info, FollowsTheOptionsAndSoDoesTheServer) {
  const RunningCollector server(CollectorOptions{.langsmith = {.version = "0.7.0",
                                                               .takes_multipart = false,
                                                               .takes_zstd = false,
                                                               .takes_gzip = false,
                                                               .size_limit = 7,
                                                               .size_limit_bytes = 1000}});
  const LangSmithClient client(server);

  const JsonValue info = client.get("/info").json();
  const std::string name = std::string("post.") + kRootId;

  EXPECT_EQ(info["version"].as_string(), "0.7.0");
  EXPECT_FALSE(info["batch_ingest_config"]["use_multipart_endpoint"].as_bool());
  EXPECT_EQ(info["batch_ingest_config"]["size_limit"].as_integer(), 7);
  EXPECT_EQ(info["batch_ingest_config"]["size_limit_bytes"].as_integer(), 1000);
  EXPECT_FALSE(info["instance_flags"]["zstd_compression_enabled"].as_bool());
  EXPECT_FALSE(info["instance_flags"]["gzip_body_enabled"].as_bool());
  EXPECT_EQ(client.post_parts({{.name = name, .content = root_post().text()}}).status, 404);
  for (const char* encoding : {"zstd", "gzip"}) {
    const std::string body =
        encoding == std::string("zstd") ? zstd(root_post().text()) : gzip(root_post().text());
    EXPECT_EQ(
        client.send("POST", "/runs", body, {std::string("Content-Encoding: ") + encoding}).status,
        400);
  }
  EXPECT_EQ(client.post("/runs", root_post().text()).status, 202);
}

TEST(ApiKey, IsTheOneConfigured) {
  const RunningCollector server(CollectorOptions{.langsmith = {.api_key = "lsv2_sk_mine"}});
  const auto status = [&](const std::string& key) {
    return server.client.send({.path = "/sessions", .headers = {"x-api-key: " + key}, .keys = ""})
        .status;
  };

  EXPECT_EQ(status("lsv2_sk_mine"), 200);
  EXPECT_EQ(status("lsv2_pt_local"), 403);
}

}  // namespace
}  // namespace llmtrace::collector::testing
