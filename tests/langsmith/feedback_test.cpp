// Feedback: what is sent, by which road, and what becomes of it. And the client's own requests.
#include <langfuse/client.h>
#include <langsmith/anonymizer.h>
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
  EXPECT_TRUE(log->contains("give .key"));
  clock->advance(seconds(1));
  EXPECT_EQ(client.create_feedback({.run_id = kRun, .key = std::string(181, 'k')}), "");
  EXPECT_TRUE(log->contains("180"));
  clock->advance(seconds(1));
  EXPECT_EQ(client.create_feedback({.run_id = kRun, .key = "k", .score = NAN}), "");
  EXPECT_TRUE(log->contains("finite"));
  for (int i = 0; i < 100; ++i) client.create_feedback({.run_id = kRun});
  EXPECT_LT(log->lines().size(), 5U) << "once a second";
  EXPECT_EQ(client.stats().dropped_by(DropReason::Rejected), 103U);
  EXPECT_FALSE(client.flush(seconds(10)));
  EXPECT_EQ(http->request_count(), 0U);
}

TEST_F(FeedbackTest, AKeyIsMeasuredInCharacters) {
  std::string key;
  for (int i = 0; i < 180; ++i) key += "ü";
  Client client(config());
  EXPECT_NE(client.create_feedback({.run_id = kRun, .key = key, .score = 1}), "");
  EXPECT_EQ(client.create_feedback({.run_id = kRun, .key = key + "x", .score = 1}), "");
  {
    const langsmith::Run run = client.start_run({.name = "x"});
    const auto scope = run.activate();
    llmtrace::score_current({.name = key + "and more", .value = 1});  // other vendors take it
  }
  client.flush(seconds(10));
  const auto requests = requests_to("/feedback");
  ASSERT_EQ(requests.size(), 2U);
  for (const auto& request : requests) EXPECT_EQ(parsed(request.body)["key"].as_string(), key);
}

TEST_F(FeedbackTest, OnARunOfNothingIsNoError) {
  Config none = config();
  none.sample_rate = 0;
  Client client(none);
  const langsmith::Run run = client.start_run({.name = "x"});
  EXPECT_FALSE(run);
  EXPECT_EQ(client.create_feedback({.run_id = run.id(), .key = "k", .trace_id = run.trace_id()}),
            "");
  EXPECT_EQ(client.create_feedback({.run_id = "", .key = "k"}), "");
  EXPECT_EQ(client.create_feedback({.run_id = kRun, .key = "k", .trace_id = kTrace}), "")
      << "its trace is sampled out";
  EXPECT_EQ(run.create_feedback({.key = "k", .score = 1}), "");
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(client.stats().submitted, 0U);
  EXPECT_EQ(log->text(), "");
}

TEST_F(FeedbackTest, OfARunKnowsItsTargets) {
  Client client(config());
  const langfuse::Client other({.public_key = "pk-lf-1",
                                .secret_key = "sk-lf-1",
                                .base_url = "https://langfuse.test",
                                .transport = transport});
  const langsmith::Run root(llmtrace::start_observation({.name = "root"}));
  const langsmith::Run child = root.start_run({.name = "child"});
  const std::string id = child.create_feedback({.run_id = "ignored", .key = "k", .score = 1});
  EXPECT_NE(id, "");
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(posted()["id"].as_string(), id);
  EXPECT_EQ(posted()["run_id"].as_string(), child.id());
  EXPECT_EQ(posted()["trace_id"].as_string(), root.id());
  EXPECT_EQ(other.stats().submitted, 0U) << "LangSmith's word for it goes to LangSmith";
}

// The server of OpenAPI's text: "a body needs at least one run".
class StrictServer : public FeedbackTest {
 protected:
  StrictServer() {
    serve([](const Request& request) {
      if (!request.url.ends_with("/runs/multipart")) return std::optional(reply_with(202));
      const bool has_run = request.body.find("name=\"post.") != std::string::npos ||
                           request.body.find("name=\"patch.") != std::string::npos;
      const bool bad = request.body.find("\"poisoned\"") != std::string::npos;
      return std::optional(reply_with(has_run && !bad ? 202 : 422, "at least one run"));
    });
  }
  static void know_server(Client& client) {
    client.start_run({.name = "first"}).end();
    EXPECT_TRUE(client.flush(seconds(10)));
  }
};

TEST_F(StrictServer, FeedbackRidesBesideTheRunsThatGoAnyway) {
  Client client(config());
  know_server(client);
  const langsmith::Run run = client.start_run({.name = "x"});
  run.end();
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(run.create_feedback({.key = "k", .score = i}));
  client.create_feedback({.run_id = kRun, .key = "no trace", .score = 1});
  EXPECT_TRUE(client.flush(seconds(10)));

  const auto requests = requests_to("/runs/multipart");
  ASSERT_EQ(requests.size(), 2U);
  const ReadMultipart body = read_multipart(requests[1].header("Content-Type"), requests[1].body);
  ASSERT_EQ(body.problem, "");
  for (const std::string& id : ids) {
    const ReadPart* const part = body.find("feedback." + id);
    ASSERT_NE(part, nullptr);
    EXPECT_EQ(parsed(part->data)["trace_id"].as_string(), run.trace_id());
  }
  EXPECT_EQ(posted()["key"].as_string(), "no trace");
  EXPECT_EQ(client.stats().delivered, 8U);
}

TEST_F(StrictServer, WithoutARunToRideBesideEachGoesByItself) {
  Client client(config());
  know_server(client);
  for (int i = 0; i < 5; ++i) {
    client.create_feedback({.run_id = kRun, .key = "k", .score = i, .trace_id = kTrace});
  }
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(requests_to("/runs/multipart").size(), 1U) << "none with feedback alone";
  EXPECT_EQ(requests_to("/feedback").size(), 5U);
  EXPECT_EQ(parsed(requests_to("/feedback").at(0).body)["trace_id"].as_string(), kTrace);
  EXPECT_EQ(client.stats().delivered, 6U);
}

TEST_F(StrictServer, ARefusedRunTakesNoFeedbackAlong) {
  Client client(config());
  know_server(client);
  const langsmith::Run good = client.start_run({.name = "good"});
  good.end();
  client.start_run({.name = "poisoned"}).end();
  for (int i = 0; i < 6; ++i) good.create_feedback({.key = "k", .score = i});
  EXPECT_FALSE(client.flush(seconds(10)));
  EXPECT_EQ(client.stats().delivered, 8U) << log->text();
  EXPECT_EQ(client.stats().dropped_by(DropReason::Rejected), 1U);
  ASSERT_EQ(errors().size(), 1U);
  expect_conserved(client);
}

TEST_F(FeedbackTest, WhatRodeWithABodyThatMeetsTheFallbackGoesByItself) {
  int multipart = 0;
  serve([&](const Request& request) {
    const bool gone = request.url.ends_with("/runs/multipart") && ++multipart > 1;
    return std::optional(reply_with(gone ? 404 : 202));
  });
  Client client(config());
  client.start_run({.name = "first"}).end();
  EXPECT_TRUE(client.flush(seconds(10)));
  const langsmith::Run run = client.start_run({.name = "x"});
  run.end();
  run.create_feedback({.key = "k", .score = 1});
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(parsed(requests_to("/runs/batch").at(0).body)["post"].elements().size(), 1U);
  EXPECT_EQ(posted()["run_id"].as_string(), run.id());
  EXPECT_EQ(client.stats().delivered, 3U);
}

TEST_F(FeedbackTest, AnUnknownRunDelaysNoFeedbackBehindIt) {
  serve([](const Request& request) {
    const bool unknown = request.body.find("\"early\"") != std::string::npos;
    return std::optional(reply_with(unknown ? 404 : 202));
  });
  Client client(config());
  client.create_feedback({.run_id = kRun, .key = "early", .score = 1});
  for (int i = 0; i < 20; ++i) client.create_feedback({.run_id = kRun, .key = "k", .score = i});
  EXPECT_FALSE(client.flush(milliseconds(0)));
  ASSERT_TRUE(http->wait_for_requests(22));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(client.stats().delivered, 20U) << "without any time having passed";
  EXPECT_EQ(client.stats().in_memory, 1U);
  serve({});
  ASSERT_TRUE(settle(client));
  EXPECT_EQ(client.stats().delivered, 21U);
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

TEST_F(FeedbackTest, WaitsForTheRunsHoweverLongTheseMayWait) {
  serve({}, R"({"version":"0.8.9","batch_ingest_config":{"use_multipart_endpoint":true}})");
  auto config = this->config();
  config.batch_interval = seconds(20);
  Client client(config);
  client.start_run({.name = "x"}).end();
  EXPECT_TRUE(client.flush(seconds(10)));                              // the server is known
  for (int i = 0; i < 40; ++i) client.start_run({.name = "x"}).end();  // so many leave the queue
  client.create_feedback({.run_id = kRun, .key = "k", .score = 1, .trace_id = kTrace});
  ASSERT_TRUE(http->wait_idle());

  clock->advance(milliseconds(5));
  ASSERT_TRUE(http->wait_idle());
  clock->advance(seconds(19));
  ASSERT_TRUE(http->wait_idle());
  const std::size_t early = requests_to("/feedback").size();
  clock->advance(seconds(1));
  ASSERT_TRUE(settle(client));

  EXPECT_EQ(early, 0U);
  const auto requests = http->requests();
  EXPECT_TRUE(requests.back().url.ends_with("/feedback")) << requests.back().url;
  EXPECT_EQ(sent().size(), 41U);
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

TEST_F(FeedbackTest, TheProjectsIdIsThatOfTheRunsProject) {
  serve(
      [](const Request& request) {
        for (const char* project : {"demo", "other"}) {
          if (!request.url.ends_with(std::string("name=") + project)) continue;
          return std::optional(
              reply_with(200, R"([{"id":"id of )" + std::string(project) + "\"}]"));
        }
        return std::optional(reply_with(202));
      },
      R"({"instance_flags":{"sdb_query_enabled":true,"ch_query_enabled":false}})");
  Client client(config());
  const langsmith::Run run = client.start_run({.name = "x", .project_name = "other"});
  const langsmith::Run below = run.start_run({.name = "y"});
  below.create_feedback({.key = "run", .score = 1});
  below.observation().score({.name = "score", .value = 1});
  client.create_feedback({.run_id = kRun, .key = "named", .score = 1, .project_name = "other"});
  client.create_feedback({.run_id = kRun, .key = "own", .score = 1});
  EXPECT_TRUE(client.flush(seconds(10)));
  std::map<std::string, std::string> sessions;
  for (const auto& request : requests_to("/feedback")) {
    const JsonValue body = parsed(request.body);
    sessions[body["key"].as_string()] = body["session_id"].as_string();
  }
  EXPECT_EQ(sessions, (std::map<std::string, std::string>{{"named", "id of other"},
                                                          {"own", "id of demo"},
                                                          {"run", "id of other"},
                                                          {"score", "id of other"}}));
  std::size_t asked = 0;
  for (const auto& request : http->requests())
    asked += request.url.find("/sessions?") != std::string::npos;
  EXPECT_EQ(asked, 2U) << "each once";
}

TEST_F(FeedbackTest, WhatIsTooLargeIsCut) {
  Client client(config());
  client.create_feedback({.run_id = kRun, .key = "value", .value = std::string(2'000'000, 'x')});
  client.create_feedback(
      {.run_id = kRun, .key = "correction", .correction = {{"a", std::string(2'000'000, 'x')}}});
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(client.stats().truncated_items, 2U);
  for (const auto& request : requests_to("/feedback")) {
    const JsonValue body = parsed(request.body);
    EXPECT_LE(request.body.size(), 1'000'000U);
    EXPECT_GT(body[body["key"].as_string()]["truncated"].as_string().size(), 900'000U);
  }
}

TEST_F(FeedbackTest, WhatIsSentAtOnceIsMaskedToo) {
  Config masking = config();
  masking.anonymizer = create_anonymizer({{.pattern = "canary"}});
  Client client(masking);
  EXPECT_TRUE(client.update_feedback("f", {.score = 0.123456,
                                           .value = {{"v", "a canary"}},
                                           .comment = "a canary",
                                           .correction = "canary"}));
  EXPECT_TRUE(client.create_feedback_from_token(
      "https://elsewhere.test/feedback/tokens/abc",
      {.score = 0.123456, .value = "canary", .comment = "canary", .metadata = {{"m", "canary"}}}));
  ASSERT_EQ(http->request_count(), 2U);
  for (const auto& request : http->requests()) {
    EXPECT_EQ(request.body.find("canary"), std::string::npos) << request.body;
    EXPECT_NE(request.body.find("[redacted]"), std::string::npos) << request.body;
    EXPECT_EQ(parsed(request.body)["score"].as_double(), 0.1235) << "four places";
  }
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
