// The transport with the real HTTP client against a server that misbehaves.
#include "common/src/curl_http_client.h"

#include <sys/resource.h>

#include <fstream>
#include <memory>

#include "common/src/http_text.h"
#include "tests/support/run_length.h"
#include "tests/support/scripted_server.h"
#include "tests/support/transport_fixture.h"

namespace llmtrace::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using SteadyClock = std::chrono::steady_clock;

class Curl : public ::testing::Test {
 protected:
  std::shared_ptr<Transport> make_transport() {
    return Transport::create({.log_sink = log, .on_error = [this](const DeliveryError& error) {
                                const std::lock_guard lock(mutex_);
                                errors_ += error.message + "\n";
                              }});
  }
  std::string errors() const {
    const std::lock_guard lock(mutex_);
    return errors_;
  }
  // Flushes until all is settled: our own backoff is skipped each time.
  static bool flush_until_settled(Target& target, seconds limit = seconds(20)) {
    const auto end = SteadyClock::now() + limit;
    while (target.stats().in_memory != 0 && SteadyClock::now() < end) {
      target.flush(milliseconds(300));
    }
    return target.stats().in_memory == 0;
  }
  HttpReply fetch(const std::string& url, HttpRequest request = {}) {
    request.url = url;
    return make_curl_http_client()->fetch(request);
  }

  std::shared_ptr<RecordingLogSink> log = std::make_shared<RecordingLogSink>();

 private:
  mutable std::mutex mutex_;  // guards errors_
  std::string errors_;
};

TEST_F(Curl, UsesOneConnectionForManyRequests) {
  ScriptedServer server;
  Target target(make_transport(), line_destination("t", server.url(), {.max_in_flight = 1}));

  for (int i = 0; i < 30; ++i) {
    target.submit("x");
    EXPECT_TRUE(target.flush(seconds(10)));
  }

  EXPECT_EQ(server.request_count(), 30U);
  EXPECT_EQ(server.connection_count(), 1U);
}

TEST_F(Curl, SendsGzipThatDecodes) {
  ScriptedServer server;
  Target target(make_transport(),
                line_destination("t", server.url(), {.compression = Compression::Gzip}));

  target.submit_many(1000);
  EXPECT_TRUE(target.flush(seconds(10)));

  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].header("content-encoding"), "gzip");
  EXPECT_LT(requests[0].raw_body.size(), requests[0].body.size() / 2);
  EXPECT_EQ(lines_of(requests[0].body).size(), 1000U);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].header("expect"), "");
  EXPECT_EQ(requests[0].header("accept-encoding"), "");
  EXPECT_EQ(requests[0].header("user-agent").substr(0, 13), "llmtrace-cpp/");
}

TEST_F(Curl, DeliversAfter503AndBrokenConnections) {
  ScriptedServer server([](const ServerRequest&, std::size_t before) {
    if (before == 0) return ServerReply{.status = 503};
    if (before == 1) return ServerReply{.hang_up = true};  // on the connection of the first
    if (before == 2) return ServerReply{.cut_at = 7};
    return ServerReply{};
  });
  Target target(make_transport(), line_destination("t", server.url()));

  target.submit_many(100);

  EXPECT_TRUE(flush_until_settled(target));
  EXPECT_EQ(target.stats().delivered, 100U);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 4U);
  for (const ServerRequest& request : requests) EXPECT_EQ(request.body, requests[0].body);
  EXPECT_EQ(target.stats().ambiguous_resends, 2U);
}

TEST_F(Curl, SendsNothingBeforeRetryAfter) {
  ScriptedServer server([](const ServerRequest&, std::size_t before) {
    return before == 0 ? ServerReply{.status = 429, .headers = {{"Retry-After", "1"}}}
                       : ServerReply{};
  });
  Target target(make_transport(), line_destination("t", server.url(), {.max_in_flight = 1}));

  target.submit_many(10);

  EXPECT_TRUE(flush_until_settled(target));
  EXPECT_EQ(target.stats().delivered, 10U);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_GE(requests[1].at - requests[0].at,
            milliseconds(995));  // the reply took a moment to reach us
}

TEST_F(Curl, TakesACutBodyAfterA2xxForAnAck) {
  ScriptedServer server;
  server.always({.body = std::string(100, 'x'), .cut_at = 60});
  Target target(make_transport(), line_destination("t", server.url()));

  target.submit("x");

  EXPECT_TRUE(target.flush(seconds(10)));
  EXPECT_EQ(server.request_count(), 1U);
}

TEST_F(Curl, FlushReturnsInTimeWhileTheServerHangs) {
  ScriptedServer server;
  server.always({.hold = true});
  Target target(make_transport(), line_destination("t", server.url()));
  target.submit("x");

  const auto start = SteadyClock::now();
  EXPECT_FALSE(target.flush(seconds(1)));
  const auto flushed = std::chrono::duration_cast<milliseconds>(SteadyClock::now() - start);
  EXPECT_FALSE(target.close(milliseconds(200)));
  const auto closed =
      std::chrono::duration_cast<milliseconds>(SteadyClock::now() - start) - flushed;

  std::printf("flush(1 s) took %d ms, close(200 ms) %d ms\n", static_cast<int>(flushed.count()),
              static_cast<int>(closed.count()));
  EXPECT_GE(flushed, seconds(1));
  EXPECT_LE(flushed, milliseconds(1500));  // 1,100 on a quiet machine
  EXPECT_LE(closed, milliseconds(700));
  expect_settled(target.stats());
}

// R6 by the wall clock: 100 ms over on a quiet machine, a second on one that is not.
TEST_F(Curl, FlushAndCloseAreNeverLate) {
  ScriptedServer server;
  server.always({.hold = true});
  constexpr milliseconds kTimeout(10);
  const int runs = run_length(100, 1000);
  int late = 0;
  milliseconds most{0};
  for (int run = 0; run < runs; ++run) {
    Target target(make_transport(), line_destination("t", server.url(), {.max_items = 1}));
    target.submit("x");
    ASSERT_TRUE(server.wait_for_requests(static_cast<std::size_t>(run) + 1));
    for (const bool close : {false, true}) {
      const auto start = SteadyClock::now();
      EXPECT_FALSE(close ? target.close(kTimeout) : target.flush(kTimeout));
      const auto took = std::chrono::duration_cast<milliseconds>(SteadyClock::now() - start);
      most = std::max(most, took);
      late += took > kTimeout + milliseconds(100) ? 1 : 0;
    }
    expect_settled(target.stats());
  }
  std::printf("%d of %d later than 100 ms, the latest took %d ms of %d\n", late, 2 * runs,
              static_cast<int>(most.count()), static_cast<int>(kTimeout.count()));
  EXPECT_LE(most, kTimeout + seconds(1));
}

TEST_F(Curl, GivesUpOnAServerThatDrips) {
  ScriptedServer server;
  server.always({.body = std::string(100'000, 'x'), .drip = 1});
  HttpRequest request;
  request.timeout = milliseconds(500);

  const auto start = SteadyClock::now();
  const HttpReply reply = fetch(server.url(), request);

  EXPECT_FALSE(reply.complete);
  EXPECT_LE(SteadyClock::now() - start, seconds(3));
}

TEST_F(Curl, ReadsAtMostItsBoundsOfAReply) {
  const auto peak = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  ScriptedServer server;
  server.always({.body = std::string(10'000, 'x')});
  EXPECT_TRUE(fetch(server.url()).complete);
  std::string flood;
  for (int i = 0; i < 5000; ++i) flood += "X-Flood-" + std::to_string(i) + ": 0123456789\r\n";
  ServerReply huge{.body = std::string(30U << 20, 'x')};
  const long before = peak();

  server.always(huge);
  const HttpReply body = fetch(server.url());
  server.always({.raw = "HTTP/1.1 200 OK\r\n" + flood + "Content-Length: 0\r\n\r\n"});
  const HttpReply headers = fetch(server.url());

  EXPECT_FALSE(body.complete);
  EXPECT_LE(body.body.size(), std::size_t{1} << 20);
  EXPECT_NE(body.error.find("larger than llmtrace reads"), std::string::npos) << body.error;
  EXPECT_FALSE(headers.complete);
  // The server's own copies are in there too; a client that kept the reply would add another 30 MB.
  std::printf("peak memory grew by %ld KiB\n", peak() - before);
}

TEST_F(Curl, DecodesNoGzipBomb) {
  const std::string plain(1U << 20, '\0');
  std::string bomb(100'000, '\0');
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));  // NOLINT
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(bomb.data());  // NOLINT
  stream.avail_out = static_cast<uInt>(bomb.size());
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  bomb.resize(stream.total_out);
  deflateEnd(&stream);
  ScriptedServer server;
  server.always({.headers = {{"Content-Encoding", "gzip"}}, .body = bomb});

  const HttpReply reply = fetch(server.url());

  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(reply.body, bomb);
}

TEST_F(Curl, FollowsNoRedirect) {
  ScriptedServer elsewhere;
  ScriptedServer server;
  for (const int status : {301, 302, 303, 307, 308}) {
    server.always({.status = status, .headers = {{"Location", elsewhere.url() + "/steal"}}});
    Target target(make_transport(), line_destination("t", server.url()));
    target.submit("x");

    EXPECT_FALSE(target.flush(seconds(10))) << status;
    EXPECT_EQ(target.stats().dropped_by(DropReason::Rejected), 1U) << status;
    EXPECT_NE(errors().find(elsewhere.url()), std::string::npos) << errors();
  }
  EXPECT_EQ(elsewhere.bytes_received(), 0U);
  EXPECT_EQ(elsewhere.connection_count(), 0U);
}

TEST_F(Curl, SpeaksHttpAndHttpsOnly) {
  const std::string path = ::testing::TempDir() + "llmtrace-curl-test";
  std::ofstream(path) << "content";

  for (const std::string& url :
       {"file://" + path, std::string("ftp://127.0.0.1/x"), std::string("gopher://127.0.0.1/x"),
        std::string("dict://127.0.0.1/")}) {
    HttpRequest request;
    request.method = "GET";
    const HttpReply reply = fetch(url, request);
    EXPECT_FALSE(reply.complete) << url;
    EXPECT_EQ(reply.body, "") << url;
    EXPECT_THROW(checked_base_url(url, "base_url"), std::invalid_argument) << url;
  }
}

TEST_F(Curl, LetsNoHeaderSmuggleAnother) {
  ScriptedServer server;
  const std::string nul("X-A\0B", 5);
  for (const HttpHeader& header : std::vector<HttpHeader>{{"X-Good", "value\r\nX-Evil: 1"},
                                                          {"X-Good", "value\nX-Evil: 1"},
                                                          {"X-Good", "value\rX-Evil: 1"},
                                                          {"X-Good\r\nX-Evil", "1"},
                                                          {"X-Good: a\r\nX-Evil", "1"},
                                                          {"X Evil", "1"},
                                                          {"", "1"},
                                                          {"X-Evil:", "1"},
                                                          {nul, "1"},
                                                          {"X-Good", std::string("a\0b", 3)}}) {
    HttpRequest request;
    request.headers = {header};
    EXPECT_EQ(fetch(server.url(), request).status, 200);
    const ServerRequest seen = server.requests().back();
    for (const auto& [name, value] : seen.headers) {
      EXPECT_EQ(name.find("evil"), std::string::npos) << header.name << ": " << header.value;
      EXPECT_EQ(name.find("good"), std::string::npos) << header.name << ": " << header.value;
    }
  }
}

TEST_F(Curl, GoesThroughTheProxyItIsGiven) {
  ScriptedServer proxy;
  HttpRequest request;
  request.proxy = proxy.url();

  const HttpReply reply = fetch("http://somewhere.invalid/path", request);

  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(proxy.requests().at(0).target, "http://somewhere.invalid/path");
}

TEST_F(Curl, AnEmptyProxyOptionOverridesTheEnvironment) {
  ScriptedServer proxy;
  ScriptedServer server;
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  ::setenv("no_proxy", "", 1);

  const HttpReply through = fetch(server.url());
  HttpRequest direct;
  direct.proxy = "";
  const HttpReply past = fetch(server.url(), direct);
  ::unsetenv("http_proxy");
  ::unsetenv("no_proxy");

  EXPECT_EQ(through.status, 200);
  EXPECT_EQ(past.status, 200);
  EXPECT_EQ(proxy.request_count(), 1U);
  EXPECT_EQ(server.request_count(), 1U);
}

TEST_F(Curl, KeepsWhatAnUnreachableHostCannotTake) {
  std::string url;
  {
    const ScriptedServer gone;
    url = gone.url();
  }
  Target target(make_transport(), line_destination("t", url));
  target.submit_many(10);

  EXPECT_FALSE(target.flush(milliseconds(300)));
  EXPECT_EQ(target.stats().in_memory, 10U);
  EXPECT_FALSE(target.close(milliseconds(100)));

  EXPECT_EQ(target.stats().dropped_by(DropReason::Shutdown), 10U);
  EXPECT_TRUE(log->contains("will retry")) << log->text();
}

// A server that resets the connection in the middle of the upload raises no signal.
TEST_F(Curl, NamesTheServerThatDoesNotAnswer) {
  std::string url;
  {
    const ScriptedServer server;
    url = server.url();
  }

  const HttpReply reply = fetch(url + "/api/public/otel?token=canary");

  EXPECT_EQ(reply.status, 0);
  EXPECT_EQ(reply.error, url + ": Couldn't connect to server");
}

TEST_F(Curl, SurvivesResetsDuringTheUpload) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);  // NOLINT
  ASSERT_EQ(::listen(listener, 8), 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);  // NOLINT
  std::thread resetting([listener] {
    for (int i = 0; i < 5; ++i) {
      const int socket = ::accept(listener, nullptr, nullptr);
      char block[1000];
      static_cast<void>(::recv(socket, block, sizeof(block), 0));
      const linger now{1, 0};
      ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
      ::close(socket);
    }
  });
  const std::string url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const std::string body(5U << 20, 'x');
  HttpRequest request;
  request.body = body;

  for (int i = 0; i < 5; ++i) EXPECT_FALSE(fetch(url, request).complete);

  resetting.join();
  ::close(listener);
}

// R29: what is secret is in the request and nowhere else.
TEST_F(Curl, ShowsNoCredentialInLogsAndErrors) {
  static constexpr char kCanary[] = "canary-4f1c-secret";
  struct Authorized final : LineEncoder {
    using LineEncoder::LineEncoder;
    HttpRequest request() override {
      HttpRequest request = LineEncoder::request();
      request.headers.push_back({"Authorization", kCanary});
      return request;
    }
  };
  ScriptedServer server;
  for (const int status : {200, 301, 400, 401, 404, 413, 429, 500}) {
    server.always({.status = status});
    DestinationOptions options = line_destination<Authorized>("t", server.url());
    options.debug = true;
    Target target(make_transport(), std::move(options));
    target.submit("x");
    target.flush(milliseconds(200));
  }
  EXPECT_EQ(server.requests().at(0).header("authorization"), kCanary);
  EXPECT_EQ(log->text().find("canary"), std::string::npos) << log->text();
  EXPECT_EQ(errors().find("canary"), std::string::npos) << errors();
  EXPECT_GT(log->lines().size(), 5U);
}

}  // namespace
}  // namespace llmtrace::tests
