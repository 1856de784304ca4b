// The server is for this machine and the owner of the keys alone, and cannot be made to wait or
// grow.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/src/compression.h"
#include "tests/collector/otlp_bodies.h"
#include "tests/collector/running_collector.h"
#include "tests/support/loopback_connection.h"

namespace llmtrace::collector::testing {
namespace {

using llmtrace::tests::LoopbackConnection;

constexpr const char* kHealth = "/api/public/health";

Reply get_with(const RunningCollector& server, std::vector<std::string> headers) {
  return server.client.send({.path = kHealth, .headers = std::move(headers), .keys = ""});
}

// Connections that have begun a request and say no more.
std::vector<LoopbackConnection> silent_connections(std::uint16_t port, int count) {
  std::vector<LoopbackConnection> connections;
  for (int i = 0; i < count; ++i) EXPECT_TRUE(connections.emplace_back(port).send("GET / HT"));
  return connections;
}

std::string with_port(const RunningCollector& server, const std::string& text) {
  return text + ":" + std::to_string(server.collector.port());
}

TEST(Host, OfLoopbackIsServed) {
  const RunningCollector server;
  for (const char* name : {"127.0.0.1", "localhost", "[::1]"}) {
    EXPECT_EQ(get_with(server, {with_port(server, std::string("Host: ") + name)}).status, 200);
  }
}

TEST(Host, OfAnyOtherNameIsRefused) {
  const RunningCollector server;
  for (const char* name : {"evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "0.0.0.0",
                           "localhost:80@evil", "127.0.0.2", "xlocalhost"}) {
    EXPECT_EQ(get_with(server, {with_port(server, std::string("Host: ") + name)}).status, 403)
        << name;
  }
  EXPECT_EQ(get_with(server, {"Host: localhost"}).status, 403);
  EXPECT_EQ(get_with(server, {"Host: localhost:1"}).status, 403);
  EXPECT_EQ(get_with(server, {with_port(server, "Host: localhost") + "0"}).status, 403);
}

TEST(Host, MustBeThereOnce) {
  const RunningCollector server;
  const std::string host = with_port(server, "Host: 127.0.0.1") + "\r\n";

  const std::string none =
      send_raw(server.collector.port(), "GET /api/public/health HTTP/1.0\r\n\r\n");
  const std::string two =
      send_raw(server.collector.port(), "GET /api/public/health HTTP/1.1\r\nConnection: close\r\n" +
                                            host + "Host: evil.example\r\n\r\n");

  EXPECT_NE(none.find(" 403 "), std::string::npos) << none;
  EXPECT_EQ(two.find(" 200 "), std::string::npos) << two;
}

TEST(Origin, OfThisServerIsServed) {
  const RunningCollector server;

  EXPECT_EQ(get_with(server, {with_port(server, "Origin: http://localhost")}).status, 200);
}

TEST(Origin, OfAnotherPageIsRefused) {
  const RunningCollector server;
  for (const char* origin : {"https://evil.example", "http://localhost", "http://localhost:1",
                             "null", "http://127.0.0.1.evil.example"}) {
    EXPECT_EQ(get_with(server, {std::string("Origin: ") + origin}).status, 403) << origin;
  }
  EXPECT_EQ(get_with(server, {with_port(server, "Origin: https://localhost")}).status, 403);
}

TEST(Origin, GetsNoCorsHeaders) {
  const RunningCollector server;

  const Reply own = get_with(server, {with_port(server, "Origin: http://localhost")});
  const Reply foreign = get_with(server, {"Origin: https://evil.example"});
  const Reply preflight = server.client.send({.method = "OPTIONS", .path = kScoresPath});

  for (const Reply& reply : {own, foreign, preflight}) {
    EXPECT_EQ(reply.headers.find("Access-Control"), std::string::npos);
    EXPECT_EQ(reply.headers.find("access-control"), std::string::npos);
  }
  EXPECT_NE(preflight.status, 200);
}

TEST(Address, CanBeIpv6Loopback) {
  const RunningCollector server(CollectorOptions{.server = {.address = "::1"}});

  EXPECT_EQ(server.collector.url().substr(0, 13), "http://[::1]:");
  EXPECT_EQ(server.client.get(kHealth).status, 200);
}

TEST(Address, InUseIsAnErrorThatNamesThePort) {
  const RunningCollector server;
  const CollectorOptions same_port{.server = {.port = server.collector.port()}};

  try {
    const Collector second(same_port);
    FAIL() << "two servers on one port";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find(std::to_string(server.collector.port())),
              std::string::npos);
  }
}

TEST(Limits, HeadersOverSixteenKibibytesAreRefused) {
  const RunningCollector server;

  EXPECT_EQ(get_with(server, {"X-Filler: " + std::string(15 * 1024, 'x')}).status, 200);
  EXPECT_EQ(get_with(server, {"X-Filler: " + std::string(17 * 1024, 'x')}).status, 431);
  EXPECT_GE(get_with(server, {"X-Filler: " + std::string(90 * 1024, 'x')}).status, 400);
}

TEST(Limits, ABodyOverTwentyMebibytesIsA413) {
  const RunningCollector server;
  const std::string body(20 * 1024 * 1024 + 1, 'x');
  for (const char* expect : {"Expect: 100-continue", "Expect:"}) {
    const Reply reply =
        server.client.send({.method = "POST",
                            .path = kOtlpPath,
                            .body = body,
                            .headers = {"Content-Type: application/x-protobuf", expect}});
    EXPECT_EQ(reply.status, 413);
    EXPECT_TRUE(reply.json()["error"].is_string());
  }
}

TEST(Limits, AChunkedBodyIsCountedToo) {
  const RunningCollector server;
  std::string request = "POST /api/public/scores HTTP/1.1\r\nConnection: close\r\n" +
                        with_port(server, "Host: localhost") +
                        "\r\nAuthorization: Basic cGstbGYtbG9jYWw6c2stbGYtbG9jYWw=\r\n"
                        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string chunk = "10000\r\n" + std::string(0x10000, ' ') + "\r\n";
  for (int i = 0; i < 17; ++i) request += chunk;

  const std::string reply = send_raw(server.collector.port(), request + "0\r\n\r\n");

  EXPECT_NE(reply.find(" 413 "), std::string::npos) << reply;
}

TEST(Limits, ADecompressionBombIsA413) {
  const RunningCollector server;
  const std::string bomb = gzip(std::string(200 * 1024 * 1024, '\0'));
  ASSERT_LT(bomb.size(), 2U * 1024 * 1024);

  const Reply reply = server.client.send(
      {.method = "POST",
       .path = kOtlpPath,
       .body = bomb,
       .headers = {"Content-Type: application/x-protobuf", "Content-Encoding: gzip"}});

  EXPECT_EQ(reply.status, 413);
  EXPECT_TRUE(reply.json()["error"].is_string());
}

TEST(Limits, ASilentConnectionIsClosed) {
  const RunningCollector server(
      CollectorOptions{.server = {.idle_timeout = std::chrono::seconds(1)}});

  const std::string reply =
      send_raw(server.collector.port(), "GET /api/public/health HTTP/1.1\r\n");

  EXPECT_EQ(reply.find(" 200 "), std::string::npos);  // and send_raw saw the end
}

TEST(Limits, ASilentBodyIsClosed) {
  const RunningCollector server(
      CollectorOptions{.server = {.idle_timeout = std::chrono::seconds(1)}});

  const std::string reply = send_raw(server.collector.port(),
                                     "POST /api/public/scores HTTP/1.1\r\nContent-Length: 99\r\n" +
                                         with_port(server, "Host: localhost") + "\r\n\r\n{");

  EXPECT_EQ(reply.find(" 200 "), std::string::npos);
}

// As many files as this process may have open, at most `wanted`.
rlim_t raise_file_limit(rlim_t wanted) {
  rlimit files{};
  EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  files.rlim_cur = std::max(files.rlim_cur, std::min(files.rlim_max, wanted));
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
  return files.rlim_cur;
}

// How long the others wait is told in the test's output; a busy machine may do as it likes.
TEST(Limits, FiveHundredSilentConnectionsLockNobodyOut) {
  constexpr rlim_t kOtherFiles = 100;  // both ends of a connection need one each
  const rlim_t most = (raise_file_limit(4096) - kOtherFiles) / 2;
  const int count = static_cast<int>(std::min<rlim_t>(500, most));
  const RunningCollector server(
      CollectorOptions{.server = {.idle_timeout = std::chrono::seconds(60)}});
  const auto silent = silent_connections(server.collector.port(), count);

  std::chrono::microseconds slowest{};
  for (int i = 0; i < 20; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(get_with(server, {}).status, 200);
    slowest = std::max(slowest, std::chrono::duration_cast<std::chrono::microseconds>(
                                    std::chrono::steady_clock::now() - begin));
  }

  RecordProperty("silent_connections", count);
  RecordProperty("slowest_request_us", static_cast<int>(slowest.count()));
  std::printf("beside %d silent connections the slowest of 20 requests took %lld us\n", count,
              static_cast<long long>(slowest.count()));
}

TEST(Limits, AServedConnectionIsKeptForAsLongAsKeepAliveSays) {
  const RunningCollector server(CollectorOptions{.server = {
                                                     .idle_timeout = std::chrono::seconds(60),
                                                     .keep_alive = std::chrono::seconds(1),
                                                 }});

  const std::string reply =
      send_raw(server.collector.port(), "GET /api/public/health HTTP/1.1\r\n" +
                                            with_port(server, "Host: localhost") + "\r\n\r\n");

  EXPECT_NE(reply.find(" 200 "), std::string::npos);  // and send_raw saw the end
}

TEST(Limits, TheConnectionStaysOpenAfterAServedRequest) {
  const RunningCollector server;

  const Reply reply = get_with(server, {});

  EXPECT_EQ(reply.headers.find("Connection: close"), std::string::npos);
}

TEST(Paths, ReachNoFiles) {
  const RunningCollector server;
  for (const char* path : {"/etc/passwd", "/../../etc/passwd", "/..%2f..%2fetc%2fpasswd",
                           "/api/public/../../x", "//etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
                           "/api/public/health/../../../etc/passwd", "/api/public/health/"}) {
    EXPECT_EQ(server.client.get(path).status, 404) << path;
  }
}

TEST(Paths, OfTracesTakeOneSegment) {
  const RunningCollector server(Behaviour::V2);

  EXPECT_EQ(server.client.get("/api/public/traces/").status, 404);
  EXPECT_EQ(server.client.get("/api/public/traces/a/b").status, 404);
}

TEST(Sql, IsNeverMadeOfInput) {
  const RunningCollector server;
  const std::string evil = "x'); DROP TABLE observations; --";
  server.client.post_json(kOtlpPath, json_body({.spans = {{.name = evil}}}));
  const std::string path =
      "/api/public/v2/observations?traceId=x%27%20OR%20%271%27%3D%271&userId=%22%3B--";

  const JsonValue injected = server.client.get(path).json();

  EXPECT_TRUE(injected["data"].elements().empty());
  EXPECT_EQ(server.observation(kTraceId)["name"].as_string(), evil);
}

}  // namespace
}  // namespace llmtrace::collector::testing
