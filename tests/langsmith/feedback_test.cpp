// Feedback: what is sent, by which road, and what becomes of it. And the client's own requests.
#include <langfuse/client.h>
#include <llmtrace/observe.h>

#include "tests/langsmith/langsmith_fixture.h"

namespace langsmith::testing {
namespace {

using llmtrace::DropReason;
using Request = FakeHttpClient::Request;

constexpr char kRun[] = "019a8b00-0000-7000-8000-000000000001";
constexpr char kTrace[] = "019a8b00-0000-7000-8000-000000000002";

class FeedbackTest : public LangsmithTest {
 protected:
  JsonValue posted() const {
    const auto requests = requests_to("/feedback");
    EXPECT_EQ(requests.size(), 1U);
    return requests.empty() ? JsonValue() : parsed(requests[0].body);
  }
};

TEST_F(FeedbackTest, EverythingThatItCanSay) {
  Client client(config());
  const std::string id =
      client.create_feedback({.run_id = kRun,
                              .key = "quality",
                              .score = 0.123456,
                              .value = {{"label", "good"}},
                              .comment = "fine",
                              .correction = {{"answer", "42"}},
                              .source = FeedbackSource::Model,
                              .source_info = {{"judge", "gpt"}},
                              .source_run_id = kTrace,
                              .feedback_config = {.type = FeedbackConfig::Type::Categorical,
                                                  .min = 0,
                                                  .max = 1,
                                                  .categories = {{1, "good"}, {0, "bad"}}},
                              .feedback_group_id = "group",
                              .comparative_experiment_id = "experiment"});
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(requests_to("/feedback").at(0).header("x-api-key"), "lsv2_pt_canary_1234");
  EXPECT_EQ(
      posted().to_text(),
      R"({"id":")" + id + R"(","run_id":")" + kRun +
          R"(","key":"quality","score":0.1235,"value":{"label":"good"},"comment":"fine",)"
          R"("feedback_source":{"type":"model","metadata":{"judge":"gpt","__run":{"run_id":")" +
          kTrace +
          R"("}}},"correction":{"answer":"42"},"feedback_config":{"type":"categorical",)"
          R"("min":0,"max":1,"categories":[{"value":1,"label":"good"},)"
          R"({"value":0,"label":"bad"}]},"feedback_group_id":"group",)"
          R"("comparative_experiment_id":"experiment"})");
}

TEST_F(FeedbackTest, OnATraceOrAProject) {
  Client client(config());
  client.create_feedback({.key = "a", .score = 1, .trace_id = kTrace});
  client.create_feedback({.key = "b", .value = "text", .project_id = kRun});
  EXPECT_TRUE(client.flush(seconds(10)));
  std::map<std::string, JsonValue> by_key;
  for (const auto& request : requests_to("/feedback")) {
    JsonValue body = parsed(request.body);
    by_key.emplace(body["key"].as_string(), std::move(body));
  }
  EXPECT_EQ(by_key["a"]["trace_id"].as_string(), kTrace);
  EXPECT_EQ(by_key["a"]["run_id"].as_string(), kTrace) << "the root run";
  EXPECT_EQ(by_key["b"]["session_id"].as_string(), kRun);
  EXPECT_EQ(by_key["b"].find("run_id"), nullptr);
  EXPECT_EQ(by_key["b"].find("score"), nullptr);
  EXPECT_EQ(by_key["b"]["value"].as_string(), "text");
}

TEST_F(FeedbackTest, WhatCannotBeSentIsCountedAndSaysWhy) {
  Client client(config());
  EXPECT_EQ(client.create_feedback({.run_id = kRun}), "");
  EXPECT_EQ(client.create_feedback({.key = "k"}), "");
  EXPECT_EQ(client.create_feedback({.run_id = kRun, .key = std::string(181, 'k')}), "");
  EXPECT_EQ(client.create_feedback({.run_id = kRun, .key = "k", .score = NAN}), "");
  EXPECT_EQ(client.stats().dropped_by(DropReason::Rejected), 4U);
  EXPECT_TRUE(log->contains("give .key"));
  EXPECT_TRUE(log->contains(".run_id, .trace_id or .project_id"));
  EXPECT_TRUE(log->contains("180"));
  EXPECT_TRUE(log->contains("finite"));
  EXPECT_FALSE(client.flush(seconds(10)));
  EXPECT_EQ(http->request_count(), 0U);
}

TEST_F(FeedbackTest, RidesInAMultipartBodyWhereTheServerTakesThat) {
  Client client(config());
  client.start_run({.name = "x"}).end();
  EXPECT_TRUE(client.flush(seconds(10)));  // now /info is known
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(
        client.create_feedback({.run_id = kRun, .key = "k", .score = i, .trace_id = kTrace}));
  }
  client.create_feedback({.run_id = kRun, .key = "no trace", .score = 1});
  EXPECT_TRUE(client.flush(seconds(10)));

  const auto requests = requests_to("/runs/multipart");
  ASSERT_EQ(requests.size(), 2U);
  const ReadMultipart body = read_multipart(requests[1].header("Content-Type"), requests[1].body);
  ASSERT_EQ(body.problem, "");
  ASSERT_EQ(body.parts.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(body.parts[i].name, "feedback." + ids[i]);
    EXPECT_EQ(parsed(body.parts[i].data)["trace_id"].as_string(), kTrace);
  }
  EXPECT_EQ(posted()["key"].as_string(), "no trace");
}

TEST_F(FeedbackTest, AnOlderServerGetsEachByItself) {
  serve({}, R"({"version":"0.8.9","batch_ingest_config":{"use_multipart_endpoint":true}})");
  Client client(config());
  client.start_run({.name = "x"}).end();
  EXPECT_TRUE(client.flush(seconds(10)));
  for (int i = 0; i < 3; ++i) {
    client.create_feedback({.run_id = kRun, .key = "k", .score = i, .trace_id = kTrace});
  }
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(requests_to("/runs/multipart").size(), 1U);
  EXPECT_EQ(requests_to("/feedback").size(), 3U);
}

TEST_F(FeedbackTest, ARunThatIsNotThereYetIsTriedTenTimes) {
  serve([](const Request&) { return std::optional(reply_with(404, "run not found")); });
  Client client(config());
  client.create_feedback({.run_id = kRun, .key = "k", .score = 1});
  ASSERT_TRUE(settle(client));
  EXPECT_EQ(requests_to("/feedback").size(), 10U);
  EXPECT_EQ(client.stats().dropped_by(DropReason::Rejected), 1U);
  ASSERT_EQ(errors().size(), 1U);
  EXPECT_EQ(errors()[0].http_status, 404);
}

TEST_F(FeedbackTest, AServerThatWantsTheProjectsIdGetsIt) {
  int asked = 0;
  serve(
      [&](const Request& request) {
        if (request.url.find("/sessions?") != std::string::npos) {
          EXPECT_EQ(request.url, "https://ls.test/sessions?limit=1&name=my%20demo");
          // The first run makes the project.
          return std::optional(
              reply_with(200, ++asked == 1 ? "[]" : R"([{"id":"session-1","name":"my demo"}])"));
        }
        const bool named = request.body.find("session-1") != std::string::npos;
        return std::optional(reply_with(request.url.ends_with("/feedback") && !named ? 422 : 202));
      },
      R"({"instance_flags":{"sdb_query_enabled":true,"ch_query_enabled":false}})");
  Config own = config();
  own.project = "my demo";
  Client client(own);
  client.create_feedback({.run_id = kRun, .key = "k", .value = {{"session_id", "mine"}}});
  ASSERT_TRUE(settle(client));
  EXPECT_EQ(client.stats().delivered, 1U) << log->text();
  const JsonValue body = parsed(requests_to("/feedback").back().body);
  EXPECT_EQ(body["session_id"].as_string(), "session-1");
  EXPECT_EQ(body["value"]["session_id"].as_string(), "mine");
}

TEST_F(FeedbackTest, AScoreOfTheCurrentObservationGoesToBothVendors) {
  Client client(config());
  const langfuse::Client other({.public_key = "pk-lf-1",
                                .secret_key = "sk-lf-1",
                                .base_url = "https://langfuse.test",
                                .transport = transport});
  std::string id;
  {
    OBSERVE();
    id = langsmith::Run(llmtrace::start_observation({.name = "inner"})).id();
    llmtrace::score_current({.name = "s", .value = 0.5, .comment = "c"});
  }
  EXPECT_TRUE(llmtrace::flush(seconds(10)));
  const SentRun root = named(sent(), "TestBody");
  const JsonValue feedback = posted();
  EXPECT_EQ(feedback["run_id"].as_string(), root.id);
  EXPECT_EQ(feedback["trace_id"].as_string(), root.id);
  EXPECT_EQ(feedback["key"].as_string(), "s");
  EXPECT_EQ(feedback["score"].as_double(), 0.5);
  EXPECT_EQ(feedback["comment"].as_string(), "c");
  EXPECT_EQ(other.stats().delivered, 3U);
}

TEST_F(FeedbackTest, Updates) {
  Client client(config());
  EXPECT_TRUE(client.update_feedback("f/1", {.score = 0.5, .comment = "now"}));
  const Request request = http->requests().at(0);
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.url, "https://ls.test/feedback/f%2F1");
  EXPECT_EQ(request.body, R"({"score":0.5,"comment":"now"})");
  EXPECT_EQ(request.header("x-api-key"), "lsv2_pt_canary_1234");
  serve([](const Request&) { return std::optional(reply_with(403, "canary_1234 is no key")); });
  const auto failed = client.update_feedback("f", {});
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("LANGSMITH_API_KEY"), std::string::npos);
  EXPECT_EQ(failed.error().http_status, 403);
}

TEST_F(FeedbackTest, PresignedTokens) {
  serve([](const Request&) {
    return std::optional(reply_with(
        200, R"({"id":"t","url":"https://ls.test/feedback/tokens/abc","expires_at":"z"})"));
  });
  Client client(config());
  const auto token = client.create_presigned_feedback_token(
      {.run_id = kRun, .feedback_key = "thumbs", .expires_in = std::chrono::minutes(30)});
  ASSERT_TRUE(token);
  EXPECT_EQ(token->url, "https://ls.test/feedback/tokens/abc");
  EXPECT_EQ(http->requests().at(0).body,
            std::string(R"({"run_id":")") + kRun +
                R"(","feedback_key":"thumbs","expires_in":{"minutes":30}})");

  EXPECT_TRUE(client.create_feedback_from_token(token->url, {.score = 1, .comment = "up"}));
  const Request used = http->requests().at(1);
  EXPECT_EQ(used.url, token->url);
  EXPECT_EQ(used.body, R"({"score":1,"comment":"up"})");
  for (const auto& header : used.headers) {
    EXPECT_EQ(header.value.find("canary"), std::string::npos) << "no key goes along";
  }
  serve([](const Request&) { return std::optional(reply_with(410)); });
  const auto expired = client.create_feedback_from_token(token->url, {});
  ASSERT_FALSE(expired);
  EXPECT_EQ(expired.error().message.find("tokens/abc"), std::string::npos);
}

TEST_F(FeedbackTest, ReadsARunAndItsPage) {
  serve([](const Request&) {
    return std::optional(reply_with(200, R"({"id":"r","trace_id":"t","name":"n","run_type":"llm",)"
                                         R"("status":"success","session_id":"p","inputs":{"q":1},)"
                                         R"("tags":["a"],"total_tokens":7,"outputs":null})"));
  });
  Client client(config());
  const auto run = client.read_run("r");
  ASSERT_TRUE(run);
  EXPECT_EQ(http->requests().at(0).method, "GET");
  EXPECT_EQ(http->requests().at(0).url, "https://ls.test/runs/r");
  EXPECT_EQ(run->name, "n");
  EXPECT_EQ(run->inputs.to_text(), R"({"q":1})");
  EXPECT_TRUE(run->outputs.is_absent());
  EXPECT_EQ(run->tags, std::vector<std::string>{"a"});
  EXPECT_EQ(run->total_tokens, 7);
  EXPECT_EQ(*client.run_url("r"), "https://ls.test/projects/p/p/r/r");

  for (const auto& [endpoint, host] : std::map<std::string, std::string>{
           {"https://api.smith.langchain.com", "https://smith.langchain.com"},
           {"https://eu.api.smith.langchain.com", "https://eu.smith.langchain.com"},
           {"https://own.test/api/v1", "https://own.test"},
           {"https://own.test/api", "https://own.test"}}) {
    Config at = config();
    at.endpoint = endpoint;
    Client other(at);
    EXPECT_EQ(*other.run_url("r"), host + "/projects/p/p/r/r");
  }
}

}  // namespace
}  // namespace langsmith::testing
