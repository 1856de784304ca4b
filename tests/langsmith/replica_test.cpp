// Several endpoints: each has its own key, project and queue.
#include "tests/langsmith/langsmith_fixture.h"

namespace langsmith::testing {
namespace {

class ReplicaTest : public LangsmithTest {
 protected:
  Config two_endpoints() {
    Config two = config();
    two.replicas = {{.endpoint = "https://two.test",
                     .api_key = "lsv2_sk_second_5678",
                     .workspace_id = "ws-2",
                     .project = "copy"}};
    return two;
  }
  std::size_t count_at(std::string_view host) const {
    std::size_t count = 0;
    for (const auto& request : http->requests()) {
      if (!request.url.starts_with("https://" + std::string(host) + "/runs/multipart")) continue;
      count += runs_in(request).size();
    }
    return count;
  }
};

TEST_F(ReplicaTest, EachGetsEveryRunWithItsOwnKeyAndProject) {
  Client client(two_endpoints());
  for (int i = 0; i < 150; ++i) client.start_run({.name = "x"}).end();
  client.create_feedback({.run_id = "r", .key = "k", .score = 1});
  EXPECT_TRUE(client.flush(seconds(10)));

  EXPECT_EQ(count_at("ls.test"), 150U);
  EXPECT_EQ(count_at("two.test"), 150U);
  for (const auto& request : http->requests()) {
    if (request.url.ends_with("/info")) continue;
    const bool second = request.url.starts_with("https://two.test/");
    std::string all = request.body;
    for (const auto& header : request.headers) all += header.name + ":" + header.value + "\n";
    EXPECT_EQ(request.header("x-api-key"), second ? "lsv2_sk_second_5678" : "lsv2_pt_canary_1234");
    EXPECT_EQ(request.header("X-Tenant-Id"), second ? "ws-2" : "");
    EXPECT_EQ(all.find(second ? "canary" : "second_5678"), std::string::npos);
    if (!request.url.ends_with("/runs/multipart")) continue;
    for (const SentRun& run : runs_in(request)) {
      EXPECT_EQ(run.main["session_name"].as_string(), second ? "copy" : "demo");
    }
  }
  EXPECT_EQ(client.stats().delivered, 302U);
}

TEST_F(ReplicaTest, EachHasItsOwnAdditionalHeadersAndNoneTakesTheKeysPlace) {
  Config two = two_endpoints();
  two.additional_headers = {{"X-Gateway", "first"}};
  two.replicas[0].additional_headers = {{"X-Other", "second"}};
  Client client(two);
  client.start_run({.name = "x"}).end();
  EXPECT_TRUE(client.flush(seconds(10)));
  for (const auto& request : http->requests()) {
    const bool second = request.url.starts_with("https://two.test/");
    EXPECT_EQ(request.header("X-Gateway"), second ? "" : "first") << request.url;
    EXPECT_EQ(request.header("X-Other"), second ? "second" : "") << request.url;
    if (request.url.ends_with("/info")) {
      EXPECT_EQ(request.header("x-api-key"), "");
    }
  }
  EXPECT_TRUE(client.create_feedback_from_token("https://elsewhere.test/t", {.score = 1}));
  EXPECT_EQ(http->requests().back().header("X-Gateway"), "") << "nor to anybody else";
  EXPECT_TRUE(client.create_feedback_from_token("https://ls.test/feedback/tokens/t", {.score = 1}));
  EXPECT_EQ(http->requests().back().header("X-Gateway"), "first");
}

TEST_F(ReplicaTest, ARunsOwnProjectCountsWhereTheReplicaNamesNone) {
  Config three = two_endpoints();
  three.replicas.push_back({.endpoint = "https://three.test", .api_key = "lsv2_sk_third"});
  Client client(three);
  client.start_run({.name = "x", .project_name = "own"}).end();
  client.create_feedback({.key = "k", .score = 1, .project_id = "p"});
  EXPECT_TRUE(client.flush(seconds(10)));
  std::map<std::string, std::string> projects;
  for (const auto& request : http->requests()) {
    if (request.url.ends_with("/feedback")) {
      EXPECT_EQ(request.url, "https://ls.test/feedback") << "others know the project by another id";
    }
    if (!request.url.ends_with("/runs/multipart")) continue;
    projects[request.url.substr(0, request.url.find("/runs"))] =
        runs_in(request).at(0).main["session_name"].as_string();
  }
  EXPECT_EQ(projects, (std::map<std::string, std::string>{{"https://ls.test", "own"},
                                                          {"https://three.test", "own"},
                                                          {"https://two.test", "copy"}}));
}

TEST_F(ReplicaTest, OneThatHangsDoesNotDelayTheOther) {
  http->respond([](const FakeHttpClient::Request& request) -> std::optional<HttpReply> {
    if (request.url.starts_with("https://two.test")) return std::nullopt;
    return reply_with(request.url.ends_with("/info") ? 200 : 202, kInfo);
  });
  Client client(two_endpoints());
  for (int i = 0; i < 5; ++i) client.start_run({.name = "x"}).end();
  client.flush(milliseconds(0));
  clock->advance(seconds(1));
  ASSERT_TRUE(http->wait_for_requests(3));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(count_at("ls.test"), 5U);
  EXPECT_EQ(client.stats().delivered, 5U);
  EXPECT_EQ(client.stats().in_memory, 5U);
  client.shutdown(milliseconds(0));
  expect_conserved(client);
}

TEST_F(ReplicaTest, OneThatRefusesKeepsNothingFromTheOther) {
  serve([](const auto& request) {
    return std::optional(reply_with(request.url.starts_with("https://two.test") ? 401 : 202));
  });
  Client client(two_endpoints());
  client.start_run({.name = "x"}).end();
  EXPECT_FALSE(client.flush(seconds(10)));
  EXPECT_EQ(client.stats().delivered, 1U);
  EXPECT_EQ(client.stats().dropped_by(llmtrace::DropReason::Unauthorized), 1U);
  EXPECT_TRUE(log->contains("langsmith (https://two.test)")) << log->text();
}

}  // namespace
}  // namespace langsmith::testing
