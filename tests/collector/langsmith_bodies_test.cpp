// Bodies with runs: batches, nesting, compression and sizes.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "common/src/compression.h"
#include "tests/collector/langsmith_client.h"

namespace llmtrace::collector::testing {
namespace {

TEST(RunBatch, MustBeJsonWithARun) {
  const RunningCollector server;
  const LangSmithClient client(server);
  for (const char* body : {"", "{", "[]", "{}", "null", R"({"post":[],"patch":[]})",
                           R"({"post":{}})", R"({"post":[1]})", R"({"post":[[]]})",
                           "{\"post\":[{\"id\":\"\xFF\"}]}", R"({"post":[{"id":NaN}]})"}) {
    const Reply reply = client.post("/runs/batch", body);
    EXPECT_EQ(reply.status, 422) << body;
    EXPECT_TRUE(reply.json()["error"].is_string()) << body;
  }
}

TEST(RunBatch, WithOneBadRunIsRefusedWhole) {
  const RunningCollector server;
  const LangSmithClient client(server);

  const Reply reply = client.post(
      "/runs/batch", batch({root_post(), child_post().with("run_type", R"("span")")}, {}));

  EXPECT_EQ(reply.status, 422);
  EXPECT_NE(reply.body.find("post 1"), std::string::npos) << reply.body;
  EXPECT_EQ(client.get(std::string("/runs/") + kRootId).status, 404);
}

TEST(RunBatch, NestedTooDeepIsRefused) {
  const RunningCollector server;
  const LangSmithClient client(server);
  const auto nested = [](int depth) {
    return root_post().with("inputs",
                            "{\"a\":" + std::string(static_cast<std::size_t>(depth), '[') +
                                std::string(static_cast<std::size_t>(depth), ']') + "}");
  };

  EXPECT_EQ(client.post("/runs", nested(64).text()).status, 202);
  EXPECT_EQ(client.post("/runs", nested(500'000).text()).status, 422);
}

TEST(RunBody, MayBeCompressedWhole) {
  const std::string name = std::string("post.") + kRootId;
  const std::string body = multipart_body({{.name = name, .content = root_post().text()}});
  const std::vector<std::pair<std::string, std::string>> packed = {
      {"gzip", gzip(body)},
      {"zstd", zstd(body)},
      {"ZSTD", zstd(body.substr(0, 20)) + zstd(body.substr(20))},
      {"identity", body}};
  for (const auto& [encoding, bytes] : packed) {
    const RunningCollector server;
    const LangSmithClient client(server);

    const Reply reply = client.post_multipart(bytes, {"Content-Encoding: " + encoding});

    EXPECT_EQ(reply.status, 202) << encoding << reply.body;
    EXPECT_EQ(client.run(kRootId)["name"].as_string(), "rag");
  }
}

TEST(RunBody, InBrokenCompressionIsRefused) {
  const RunningCollector server;
  const LangSmithClient client(server);
  const std::string whole = zstd(root_post().text());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(
        client.send("POST", "/runs", whole.substr(0, size), {"Content-Encoding: zstd"}).status,
        400);
  }
  EXPECT_EQ(client.send("POST", "/runs", whole + "x", {"Content-Encoding: zstd"}).status, 400);
  EXPECT_EQ(client.send("POST", "/runs", "{}", {"Content-Encoding: br"}).status, 400);
  EXPECT_EQ(client.send("POST", "/runs", whole, {"Content-Encoding: zstd"}).status, 202);
}

TEST(RunBody, IsCountedAsItUnpacks) {
  const RunningCollector server(CollectorOptions{.langsmith = {.body_limit_bytes = 100'000}});
  const LangSmithClient client(server);
  const std::string large =
      root_post().with("inputs", "{\"a\":\"" + std::string(200'000, 'x') + "\"}").text();

  for (const Reply& reply : {client.post("/runs", large),
                             client.send("POST", "/runs", gzip(large), {"Content-Encoding: gzip"}),
                             client.send("POST", "/runs", zstd(large), {"Content-Encoding: zstd"}),
                             client.send("POST", "/runs", zstd(std::string(100'000'000, ' ')),
                                         {"Content-Encoding: zstd"})}) {
    EXPECT_EQ(reply.status, 413);
    EXPECT_TRUE(reply.json()["error"].is_string());
  }
  EXPECT_EQ(client.post("/runs", root_post().text()).status, 202);
}

TEST(RunBody, OfTwentyMebibytesIsTaken) {
  const RunningCollector server;
  const LangSmithClient client(server);
  const std::string text(20 * 1024 * 1024, 'x');

  const Reply reply =
      client.post("/runs", root_post().with("inputs", "{\"a\":\"" + text + "\"}").text());

  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(client.run(kRootId)["inputs"]["a"].as_string().size(), text.size());
}

}  // namespace
}  // namespace llmtrace::collector::testing
