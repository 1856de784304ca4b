// What becomes of runs by the server's answer.
#include <cmath>

#include "tests/langsmith/langsmith_fixture.h"

namespace langsmith::testing {
namespace {

using llmtrace::DropReason;
using Request = FakeHttpClient::Request;

class VerdictTest : public LangsmithTest {
 protected:
  static void finish(Client& client, int count) {
    for (int i = 0; i < count; ++i) client.start_run({.name = "run-" + std::to_string(i)}).end();
  }
  // The first request with runs gets `first`, the others 202.
  void serve_once(HttpReply first) {
    serve([first, done = false](const Request&) mutable {
      return std::optional(std::exchange(done, true) ? reply_with(202) : first);
    });
  }
};

TEST_F(VerdictTest, ConflictMeansThatItIsThere) {
  serve([](const Request&) { return std::optional(reply_with(409, "payload already received")); });
  Client client(config());
  finish(client, 3);
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(client.stats().delivered, 3U);
  EXPECT_EQ(requests_to("/runs/multipart").size(), 1U);
  EXPECT_EQ(log->text(), "");
}

TEST_F(VerdictTest, TooManyRequestsHoldsTheQueueForTenSecondsAtLeast) {
  serve_once(reply_with(429));
  Client client(config());
  finish(client, 1);
  EXPECT_FALSE(client.flush(milliseconds(0)));
  ASSERT_TRUE(http->wait_for_requests(2));
  finish(client, 1);
  clock->advance(milliseconds(9'900));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(requests_to("/runs/multipart").size(), 1U) << "nothing before";
  clock->advance(seconds(5));
  ASSERT_TRUE(settle(client));
  EXPECT_EQ(client.stats().delivered, 2U);
}

TEST_F(VerdictTest, TooManyRequestsWithRetryAfter) {
  serve_once(reply_with(429, "", {{"Retry-After", "120"}}));
  Client client(config());
  finish(client, 1);
  EXPECT_FALSE(client.flush(milliseconds(0)));
  ASSERT_TRUE(http->wait_for_requests(2));
  clock->advance(milliseconds(119'900));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(requests_to("/runs/multipart").size(), 1U);
  clock->advance(seconds(61));  // and at most our own backoff
  ASSERT_TRUE(settle(client));
  EXPECT_EQ(client.stats().delivered, 1U);
}

TEST_F(VerdictTest, WhatMayPassIsSentAgainWithTheSameBytes) {
  for (const int status : {0, 408, 425, 429, 500, 502, 503, 504}) {
    const std::size_t before = requests_to("/runs/multipart").size();
    serve_once(status == 0 ? no_reply(true) : reply_with(status));
    Client client(config());
    finish(client, 5);
    ASSERT_TRUE(settle(client)) << status;
    EXPECT_EQ(client.stats().delivered, 5U) << status;
    const auto requests = requests_to("/runs/multipart");
    ASSERT_EQ(requests.size(), before + 2) << status;
    EXPECT_EQ(requests[before].body, requests[before + 1].body) << status;
  }
}

TEST_F(VerdictTest, TheOneBadRunOfFiveHundredIsIsolated) {
  for (const int status : {400, 422}) {
    const std::size_t before = http->request_count();
    serve([status](const Request& request) {
      const bool bad = request.body.find("\"poisoned\"") != std::string::npos;
      return std::optional(bad ? reply_with(status, "dotted_order must ...") : reply_with(202));
    });
    Client client(config());
    finish(client, 317);
    const langsmith::Run bad = client.start_run({.name = "poisoned"});
    bad.end();
    finish(client, 182);
    EXPECT_FALSE(client.flush(seconds(10)));

    EXPECT_EQ(client.stats().delivered, 499U) << status;
    EXPECT_EQ(client.stats().dropped_by(DropReason::Rejected), 1U) << status;
    const auto extra = http->request_count() - before - 6;  // /info and five batches
    EXPECT_LE(extra, static_cast<std::size_t>(2 * std::log2(500))) << status;
    const llmtrace::DeliveryError error = errors().back();
    EXPECT_EQ(error.http_status, status);
    EXPECT_EQ(error.ids, std::vector<std::string>{bad.id()});
    EXPECT_NE(error.message.find("dotted_order must"), std::string::npos);
  }
}

TEST_F(VerdictTest, TooLargeIsHalvedUntilItFits) {
  serve([](const Request& request) {
    return std::optional(reply_with(request.body.size() > 100'000 ? 413 : 202));
  });
  Client client(config());
  for (int i = 0; i < 40; ++i) {
    client.start_run({.name = "r", .inputs = std::string(20'000, 'x')}).end();
  }
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(client.stats().delivered, 40U);
  EXPECT_EQ(client.stats().truncated_items, 0U);
}

TEST_F(VerdictTest, ASingleRunThatIsTooLargeIsCutUntilItFits) {
  serve([](const Request& request) {
    return std::optional(reply_with(request.body.size() > 300'000 ? 413 : 202));
  });
  Client client(config());
  const std::string text(4'000'000, 'x');
  client.start_run({.name = "large", .inputs = {{"q", text}}}).end({.outputs = {{"a", "kept"}}});
  EXPECT_TRUE(client.flush(seconds(10)));

  EXPECT_EQ(client.stats().delivered, 1U);
  EXPECT_EQ(client.stats().truncated_items, 1U) << "once, however often it was cut";
  const auto requests = requests_to("/runs/multipart");
  EXPECT_LE(requests.size(), 6U);
  const SentRun run = runs_in(requests.back()).at(0);
  EXPECT_EQ(run["outputs"]["a"].as_string(), "kept");
  EXPECT_EQ(run["inputs"]["sha256"].as_string().size(), 64U);
  EXPECT_EQ(run["inputs"]["bytes"].as_integer(), static_cast<std::int64_t>(text.size() + 8));
  EXPECT_GT(run["inputs"]["truncated"].as_string().size(), 50'000U);
}

TEST_F(VerdictTest, WrongKeysSayOnceWhatToSet) {
  for (const int status : {401, 403}) {
    serve([status](const Request&) { return std::optional(reply_with(status, "no")); });
    Client client(config());
    finish(client, 250);
    EXPECT_FALSE(client.flush(seconds(10)));
    EXPECT_EQ(client.stats().dropped_by(DropReason::Unauthorized), 250U);
    clock->advance(hours(5));
    finish(client, 1);
    EXPECT_FALSE(client.flush(seconds(10)));
  }
  EXPECT_EQ(log->count("check LANGSMITH_API_KEY"), 2U) << log->text();
  EXPECT_FALSE(log->contains("canary"));
}

TEST_F(VerdictTest, AKeyOfAnOrganizationNeedsAWorkspace) {
  serve([](const Request&) {
    return std::optional(reply_with(403, R"({"error":"org_scoped_key_requires_workspace"})"));
  });
  Client client(config());
  finish(client, 1);
  EXPECT_FALSE(client.flush(seconds(10)));
  EXPECT_TRUE(log->contains("set LANGSMITH_WORKSPACE_ID")) << log->text();
}

TEST_F(VerdictTest, TheWorkspaceAndMoreHeadersGoAlong) {
  Config more = config();
  more.workspace_id = "ws-1";
  more.additional_headers = {{"X-Gateway", "g"}, {"Accept", "text/plain"}};
  Client client(more);
  finish(client, 1);
  EXPECT_TRUE(client.flush(seconds(10)));
  const Request request = requests_to("/runs/multipart").at(0);
  EXPECT_EQ(request.header("X-Tenant-Id"), "ws-1");
  EXPECT_EQ(request.header("X-Gateway"), "g");
  EXPECT_EQ(request.header("Accept"), "text/plain");
}

TEST_F(VerdictTest, SamplingIsDrawnOncePerTrace) {
  Config half = config();
  half.sample_rate = 0.5;
  Client client(half);
  int kept = 0;
  for (int i = 0; i < 200; ++i) {
    const langsmith::Run root = client.start_run({.name = "root"});
    const langsmith::Run child = root.start_run({.name = "child"});
    EXPECT_EQ(static_cast<bool>(root), static_cast<bool>(child));
    kept += root ? 1 : 0;
  }
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_GT(kept, 60);
  EXPECT_LT(kept, 140);
  EXPECT_EQ(client.stats().delivered, static_cast<std::uint64_t>(2 * kept));
}

}  // namespace
}  // namespace langsmith::testing
