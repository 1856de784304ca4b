// GET /api/live: what was stored, as it is stored.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "tests/collector/viewer_client.h"
#include "tests/support/loopback_connection.h"

namespace llmtrace::collector::testing {
namespace {

using llmtrace::tests::LoopbackConnection;

// A connection that reads as long as it is asked to.
class LiveClient {
 public:
  LiveClient(std::uint16_t port, const std::string& query = "", int receive_buffer = 0)
      : connection_(port, receive_buffer) {
    EXPECT_TRUE(connection_.send("GET /api/live" + query + " HTTP/1.1\r\nHost: 127.0.0.1:" +
                                 std::to_string(port) + "\r\n\r\n"));
  }

  // Reads until `text` has come; a failure when the stream ends or is silent before that.
  bool wait_for(const std::string& text) {
    while (received_.find(text) == std::string::npos) {
      if (!read()) return false;
    }
    return true;
  }
  bool reaches_its_end() {
    while (read()) {
    }
    return is_ended_;
  }
  [[nodiscard]] const std::string& received() const { return received_; }

 private:
  bool read() {
    const auto bytes = connection_.receive();
    is_ended_ = bytes && bytes->empty();
    if (!bytes || bytes->empty()) return false;
    received_ += *bytes;
    return true;
  }

  const LoopbackConnection connection_;
  std::string received_;
  bool is_ended_ = false;
};

TEST(Live, TellsOfATrace) {
  const RunningCollector server;
  LiveClient client(server.collector.port());
  ASSERT_TRUE(client.wait_for("retry: 1000"));

  store_spans(server, {.spans = {{.name = "fresh"}}});

  EXPECT_TRUE(client.wait_for("event: trace\ndata: {\"trace_id\":\"" + std::string(kTraceId)));
  EXPECT_TRUE(client.wait_for("\"name\":\"fresh\""));
  EXPECT_NE(client.received().find("Content-Type: text/event-stream"), std::string::npos);
}

TEST(Live, TellsOfAScore) {
  const RunningCollector server;
  store_spans(server, {.spans = {{}}});
  LiveClient client(server.collector.port());
  ASSERT_TRUE(client.wait_for("retry: 1000"));

  server.client.post_json(kScoresPath, std::string(R"({"id":"s1","traceId":")") + kTraceId +
                                           R"(","name":"quality","value":0.9})");

  EXPECT_TRUE(client.wait_for("event: score\ndata: {\"id\":\"s1\""));
}

TEST(Live, OfOneTraceTellsAtOnceWhatItLooksLike) {
  const RunningCollector server;
  store_spans(server, {.spans = {{.name = "before"}}});
  const std::string updated =
      api(server, std::string("/api/traces/") + kTraceId)["trace"]["updated_time"].to_text();
  LiveClient of_all(server.collector.port());
  ASSERT_TRUE(of_all.wait_for("retry: 1000"));
  LiveClient client(server.collector.port(), std::string("?trace_id=") + kTraceId);

  EXPECT_TRUE(client.wait_for("\"name\":\"before\""));
  EXPECT_TRUE(client.wait_for("\"updated_time\":" + updated));

  store_spans(server, {.spans = {{.trace_id = std::string(32, 'b'), .name = "after"}}});
  EXPECT_TRUE(of_all.wait_for("\"name\":\"after\""));
  EXPECT_EQ(of_all.received().find("\"name\":\"before\""), std::string::npos)
      << "nothing was stored of it since";
}

TEST(Live, OfOneTraceTellsOfNoOther) {
  const RunningCollector server;
  LiveClient client(server.collector.port(), std::string("?trace_id=") + kTraceId);
  ASSERT_TRUE(client.wait_for("retry: 1000"));

  store_spans(server, {.spans = {{.trace_id = std::string(32, 'b'), .name = "other"}}});
  store_spans(server, {.spans = {{.name = "wanted"}}});

  EXPECT_TRUE(client.wait_for("\"name\":\"wanted\""));
  EXPECT_EQ(client.received().find("\"name\":\"other\""), std::string::npos);
}

TEST(Live, TellsAClientThatReadsTooSlowlyThatItHasMissedSomething) {
  const RunningCollector server;
  const std::string last(32, 'f');
  LiveClient slow(server.collector.port(), "", 4096);
  ASSERT_TRUE(slow.wait_for("retry: 1000"));
  LiveClient quick(server.collector.port(), "?trace_id=" + last);
  ASSERT_TRUE(quick.wait_for("retry: 1000"));

  // Several times what the stream and the sockets hold.
  Export data{.spans = {{.trace_id = last, .name = "last"}}};
  for (int i = 0; i < 10'000; ++i) {
    data.spans.push_back({.trace_id = std::string(28, 'e') + std::to_string(10'000 + i).substr(1),
                          .name = std::string(1000, 'x')});
  }
  store_spans(server, data);
  ASSERT_TRUE(quick.wait_for("\"name\":\"last\""));
  EXPECT_EQ(slow.received().find("event: reset"), std::string::npos);

  std::atomic<bool> is_done{false};
  std::jthread reader([&] {
    EXPECT_TRUE(slow.wait_for("event: reset"));
    is_done = true;
  });
  for (int i = 0; !is_done; ++i) {
    store_spans(server, {.spans = {{.name = "round " + std::to_string(i)}}});
  }
  reader.join();
  EXPECT_LT(slow.received().size(), data.spans.size() * 1000) << "not all of it was kept for it";
}

TEST(Live, EndsWithTheServer) {
  auto server = std::make_unique<RunningCollector>();
  LiveClient client(server->collector.port());
  ASSERT_TRUE(client.wait_for("retry: 1000"));

  server.reset();

  EXPECT_TRUE(client.reaches_its_end());
}

TEST(Live, ForgetsClientsThatWentAway) {
  const RunningCollector server;
  {
    LiveClient client(server.collector.port());
    ASSERT_TRUE(client.wait_for("retry: 1000"));
    EXPECT_EQ(api(server, "/api/stats")["collector"]["live_clients"].as_integer(), 1);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::int64_t clients = 1;
  for (int i = 0; clients > 0 && std::chrono::steady_clock::now() < deadline; ++i) {
    store_spans(server, {.spans = {{.name = "round " + std::to_string(i)}}});
    clients = api(server, "/api/stats")["collector"]["live_clients"].as_integer();
  }
  EXPECT_EQ(clients, 0);
}

}  // namespace
}  // namespace llmtrace::collector::testing
