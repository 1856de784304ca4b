// The web page's files, as they come out of the program.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "collector/assets_route.h"
#include "common/src/compression.h"
#include "tests/collector/running_collector.h"

namespace llmtrace::collector::testing {
namespace {

const std::string& packed() {
  static const std::string bytes = gzip("<!doctype html>");
  return bytes;
}

std::array<Asset, 1> page() {
  return {{{.name = "index.html",
            .content_type = "text/html; charset=utf-8",
            .etag = "\"abc\"",
            .gzip = packed()}}};
}

std::string header_of(const HttpResponse& response, std::string_view name) {
  for (const NameValue& header : response.headers) {
    if (header.first == name) return header.second;
  }
  return "";
}

TEST(Assets, ArePackedForAClientThatTakesGzip) {
  const auto assets = page();

  const HttpResponse response = AssetsRoute(assets).get(
      {.method = "GET", .headers = {{"Accept-Encoding", "br, gzip"}}}, "index.html");

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, packed());
  EXPECT_EQ(header_of(response, "Content-Encoding"), "gzip");
  EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
}

TEST(Assets, AreUnpackedForOthers) {
  const auto assets = page();

  const HttpResponse response = AssetsRoute(assets).get({.method = "GET"}, "index.html");

  EXPECT_EQ(response.body, "<!doctype html>");
  EXPECT_EQ(header_of(response, "Content-Encoding"), "");
}

TEST(Assets, AreNotSentAgainToWhoHasThem) {
  const auto assets = page();

  const HttpResponse known = AssetsRoute(assets).get(
      {.method = "GET", .headers = {{"If-None-Match", "\"abc\""}}}, "index.html");
  const HttpResponse changed = AssetsRoute(assets).get(
      {.method = "GET", .headers = {{"If-None-Match", "\"old\""}}}, "index.html");

  EXPECT_EQ(known.status, 304);
  EXPECT_EQ(known.body, "");
  EXPECT_EQ(changed.status, 200);
}

TEST(Assets, ComeFromNoFileSystem) {
  const RunningCollector server;
  for (const char* path :
       {"/assets/../../etc/passwd", "/assets/..%2f..%2fetc%2fpasswd", "/assets/%2e%2e/CMakeLists",
        "/assets//etc/passwd", "/assets/etc/passwd", "/assets/index.html%00.js", "/assets/"}) {
    EXPECT_EQ(server.client.get(path).status, 404) << path;
  }
}

TEST(Assets, EveryAnswerForbidsForeignContent) {
  const RunningCollector server;
  for (const char* path : {"/", "/assets/none.js", "/api/public/health", "/nowhere"}) {
    const Reply reply = server.client.get(path);
    EXPECT_NE(reply.headers.find("Content-Security-Policy: default-src 'none'"), std::string::npos)
        << path;
    EXPECT_NE(reply.headers.find("X-Content-Type-Options: nosniff"), std::string::npos) << path;
    EXPECT_EQ(reply.headers.find("Access-Control"), std::string::npos) << path;
  }
}

}  // namespace
}  // namespace llmtrace::collector::testing
