// Scores: what is refused here, how they travel, and which form the server knows.
#include <llmtrace/observe.h>

#include <algorithm>

#include "common/src/time_text.h"
#include "tests/langfuse/langfuse_fixture.h"

namespace langfuse::testing {
namespace {

using llmtrace::DropReason;
using llmtrace::HttpReply;
using llmtrace::ScoreDataType;

constexpr char kArrayRefused[] =
    R"({"message":"Invalid request data","error":[{"expected":"object","code":"invalid_type","path":[],"message":"x"}]})";
constexpr char kScores[] = "/api/public/scores";
constexpr char kIngestion[] = "/api/public/ingestion";
constexpr char kTrace[] = "0123456789abcdef0123456789abcdef";

class Scores : public LangfuseTest {
 protected:
  // A server whose routes answer as given; each sees how often it was asked.
  void serve(HttpReply scores, HttpReply ingestion) {
    http->respond([scores, ingestion](const FakeHttpClient::Request& request) {
      return std::optional(request.url.ends_with(kScores) ? scores : ingestion);
    });
  }
  // The same, with an ingestion route that takes all events.
  void serve(HttpReply scores) {
    http->respond([scores](const FakeHttpClient::Request& request) {
      return std::optional(request.url.ends_with(kScores) ? scores : ingestion_reply(request));
    });
  }
  Config legacy() {
    Config legacy = config();
    legacy.protocol = Protocol::Legacy;
    return legacy;
  }
  void score(Client& client, const std::string& name) {
    client.score({.name = name, .value = 1, .trace_id = kTrace});
  }
};

TEST_F(Scores, GoAsAnArray) {
  Client client(config());
  const Timestamp time = clock->now();
  client.score({.name = "quality",
                .value = 0.9,
                .trace_id = kTrace,
                .observation_id = "0123456789abcdef",
                .score_id = "my-score",
                .comment = "grounded",
                .metadata = {{"k", 1}},
                .timestamp = time});
  client.score({.name = "second", .value = 2, .trace_id = kTrace});
  EXPECT_TRUE(client.flush(seconds(10)));

  const auto requests = requests_to(kScores);
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].header("Content-Type"), "application/json");
  EXPECT_EQ(requests[0].header("Content-Encoding"), "");
  const JsonValue body = parsed(requests[0].body);
  ASSERT_EQ(body.elements().size(), 2U);
  EXPECT_EQ(body.elements()[0].to_text(),
            R"({"id":"my-score","name":"quality","value":0.9,"dataType":"NUMERIC",)"
            R"("traceId":"0123456789abcdef0123456789abcdef","observationId":"0123456789abcdef",)"
            R"("comment":"grounded","metadata":{"k":1}})");
  EXPECT_EQ(body.elements()[1]["id"].as_string().size(), 36U);
}

TEST_F(Scores, HaveFourDataTypes) {
  Client client(config());
  client.score({.name = "n", .value = 0.5, .trace_id = kTrace});
  client.score({.name = "c", .value = "good", .trace_id = kTrace});
  client.score({.name = "b", .value = true, .trace_id = kTrace});
  client.score({.name = "b0", .value = 0, .trace_id = kTrace, .data_type = ScoreDataType::Boolean});
  client.score(
      {.name = "t", .value = "text", .trace_id = kTrace, .data_type = ScoreDataType::Text});
  client.score({.name = "cfg", .value = 1, .trace_id = kTrace, .config_id = "config-1"});
  EXPECT_TRUE(client.flush(seconds(10)));

  const JsonValue body = parsed(requests_to(kScores).at(0).body);
  const auto shape = [&body](std::size_t i) {
    const JsonValue& score = body.elements().at(i);
    return score["value"].to_text() + " " + score["dataType"].as_string();
  };
  EXPECT_EQ(shape(0), "0.5 NUMERIC");
  EXPECT_EQ(shape(1), "\"good\" CATEGORICAL");
  EXPECT_EQ(shape(2), "1 BOOLEAN") << "a JSON true is refused";
  EXPECT_EQ(shape(3), "0 BOOLEAN");
  EXPECT_EQ(shape(4), "\"text\" TEXT");
  EXPECT_EQ(shape(5), "1 ") << "the config says which type it is";
  EXPECT_EQ(body.elements().at(5)["configId"].as_string(), "config-1");
}

TEST_F(Scores, HaveFourTargets) {
  Config staging = config();
  staging.environment = "staging";
  Client client(staging);
  {
    const Trace trace = client.trace({.name = "t"});
    trace.score({.name = "trace", .value = 1});
    const Observation span = trace.span({.name = "s"});
    span.score({.name = "observation", .value = 1});
    auto scope = span.activate();
    client.score_current_trace({.name = "current", .value = 1});
    client.score({.name = "session", .value = 1, .session_id = "s-1"});
    client.score({.name = "run", .value = 1, .dataset_run_id = "r-1"});
    EXPECT_TRUE(client.flush(seconds(10)));

    const JsonValue body = parsed(requests_to(kScores).at(0).body);
    const auto& scores = body.elements();
    ASSERT_EQ(scores.size(), 5U);
    EXPECT_EQ(scores[0]["traceId"].as_string(), trace.id());
    EXPECT_EQ(scores[0].find("observationId"), nullptr);
    EXPECT_EQ(scores[1]["traceId"].as_string(), trace.id());
    EXPECT_EQ(scores[1]["observationId"].as_string(), span.id());
    EXPECT_EQ(scores[2]["traceId"].as_string(), trace.id());
    EXPECT_EQ(scores[2].find("observationId"), nullptr);
    EXPECT_EQ(scores[3]["sessionId"].as_string(), "s-1");
    EXPECT_EQ(scores[3].find("traceId"), nullptr);
    EXPECT_EQ(scores[4]["datasetRunId"].as_string(), "r-1");
    for (const JsonValue& score : scores) EXPECT_EQ(score["environment"].as_string(), "staging");
  }
}

TEST_F(Scores, AreRefusedHereWhenTheServerWouldRefuseThem) {
  Client client(config());
  struct Row {
    ScoreParams params;
    const char* says;
  };
  const Row table[] = {
      {{.value = 1, .trace_id = kTrace}, "name"},
      {{.name = "x", .trace_id = kTrace}, "value"},
      {{.name = "x", .value = std::nan(""), .trace_id = kTrace}, "finite"},
      {{.name = "x", .value = HUGE_VAL, .trace_id = kTrace}, "finite"},
      {{.name = "x", .value = 1}, "target"},
      {{.name = "x", .value = 1, .observation_id = "o"}, "target"},
      {{.name = "x", .value = 1, .session_id = "s", .observation_id = "o"}, "target"},
      {{.name = "x", .value = 1, .session_id = "s", .trace_id = kTrace}, "target"},
      {{.name = "x", .value = 1, .session_id = "s", .dataset_run_id = "r"}, "target"},
      {{.name = "x", .value = "a", .trace_id = kTrace, .data_type = ScoreDataType::Numeric},
       "data type"},
      {{.name = "x", .value = "a", .trace_id = kTrace, .data_type = ScoreDataType::Boolean},
       "data type"},
      {{.name = "x", .value = 1, .trace_id = kTrace, .data_type = ScoreDataType::Categorical},
       "data type"},
      {{.name = "x", .value = true, .trace_id = kTrace, .data_type = ScoreDataType::Text},
       "data type"},
  };
  std::uint64_t refused = 0;
  for (const Row& row : table) {
    clock->advance(seconds(2));  // so that every line is logged
    const std::size_t lines = log->count(row.says);
    client.score(row.params);
    ++refused;
    EXPECT_EQ(client.stats().dropped_by(DropReason::Rejected), refused) << row.says;
    EXPECT_EQ(log->count(row.says), lines + 1) << log->text();
  }
  EXPECT_FALSE(client.flush(seconds(10)));
  EXPECT_EQ(http->request_count(), 0U);
  EXPECT_EQ(client.stats().in_memory, 0U);
}

TEST_F(Scores, FollowTheirTracesSampling) {
  Config sampled = config();
  sampled.sample_rate = 0.5;
  Client client(sampled);
  std::size_t kept = 0;
  for (int i = 0; i < 400; ++i) {
    const std::string id = create_trace_id("trace-" + std::to_string(i));
    const Trace trace = client.trace({.id = id, .name = id});
    client.score({.name = id, .value = 1, .trace_id = trace.trace_id()});
    if (trace) ++kept;
  }
  client.score({.name = "session", .value = 1, .session_id = "s"});  // no trace, always kept
  EXPECT_TRUE(client.flush(seconds(10)));

  std::vector<std::string> traces;
  for (const ReadSpan& span : spans().spans) traces.push_back(span.name);
  std::vector<std::string> scored;
  for (const auto& request : requests_to(kScores)) {
    const JsonValue body = parsed(request.body);
    for (const JsonValue& score : body.elements()) {
      if (score["name"].as_string() != "session") scored.push_back(score["name"].as_string());
    }
  }
  EXPECT_EQ(traces, scored);
  EXPECT_EQ(traces.size(), kept);
  EXPECT_GT(kept, 150U);  // five standard deviations
  EXPECT_LT(kept, 250U);
}

TEST_F(Scores, GoInBatchesOfAHundred) {
  Client client(config());
  for (int i = 0; i < 250; ++i) score(client, std::to_string(i));
  EXPECT_TRUE(client.flush(seconds(10)));

  const auto requests = requests_to(kScores);
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(parsed(requests[0].body).elements().size(), 100U);
  EXPECT_EQ(parsed(requests[2].body).elements().size(), 50U);
}

TEST_F(Scores, FallBackToScoreCreate) {
  for (const HttpReply& refusal :
       {reply_with(404), reply_with(405), reply_with(400, kArrayRefused)}) {
    http = std::make_shared<FakeHttpClient>(clock);
    transport = llmtrace::Transport::create({.http_client = http, .clock = clock, .log_sink = log});
    serve(refusal);
    Client client(config());

    score(client, "a");
    EXPECT_TRUE(client.flush(seconds(10)));
    score(client, "b");
    EXPECT_TRUE(client.flush(seconds(10)));

    EXPECT_EQ(requests_to(kScores).size(), 1U) << "the choice is remembered";
    const auto events = requests_to(kIngestion);
    ASSERT_EQ(events.size(), 2U);
    const JsonValue event = parsed(events[0].body)["batch"].elements().at(0);
    EXPECT_EQ(event["type"].as_string(), "score-create");
    EXPECT_EQ(event["id"].as_string().size(), 36U);
    EXPECT_TRUE(llmtrace::parse_rfc3339(event["timestamp"].as_string()));
    EXPECT_EQ(event["body"]["name"].as_string(), "a");
    EXPECT_EQ(event["body"]["traceId"].as_string(), kTrace);
    EXPECT_EQ(client.stats().delivered, 2U);
  }
}

TEST_F(Scores, AnyOther400IsBisected) {
  for (const char* body :
       {R"({"message":"Invalid request data","error":[{"expected":"object","path":[3]}]})",
        R"({"message":"Invalid request data","error":[{"expected":"string","path":[]}]})",
        R"({"message":"Invalid request data","error":[{"expected":"object"}]})",
        R"({"message":"Invalid request data","error":[]})", R"({"error":"text"})", "plain text",
        ""}) {
    http = std::make_shared<FakeHttpClient>(clock);
    transport = llmtrace::Transport::create({.http_client = http, .clock = clock, .log_sink = log});
    http->respond([body](const FakeHttpClient::Request& request) {
      const bool bad = request.body.find("\"poison\"") != std::string::npos;
      return std::optional(bad ? reply_with(400, body) : reply_with(202));
    });
    Client client(config());
    for (int i = 0; i < 10; ++i) score(client, i == 4 ? "poison" : "fine");
    EXPECT_FALSE(client.flush(seconds(10)));

    EXPECT_EQ(requests_to(kIngestion).size(), 0U) << body;
    EXPECT_EQ(client.stats().delivered, 9U) << body;
    EXPECT_EQ(client.stats().dropped_by(DropReason::Rejected), 1U) << body;
  }
}

TEST_F(Scores, TheSwitchIsUndoneWhenIngestionIsGone) {
  for (const int gone : {404, 410}) {
    http = std::make_shared<FakeHttpClient>(clock);
    transport = llmtrace::Transport::create({.http_client = http, .clock = clock, .log_sink = log});
    serve(reply_with(404));
    Client client(config());
    score(client, "a");
    EXPECT_TRUE(client.flush(seconds(10)));

    serve(reply_with(202), reply_with(gone));  // the server was upgraded
    score(client, "b");
    EXPECT_TRUE(client.flush(seconds(10)));
    score(client, "c");
    EXPECT_TRUE(client.flush(seconds(10)));

    EXPECT_EQ(requests_to(kScores).size(), 3U);
    EXPECT_EQ(requests_to(kIngestion).size(), 2U);
    EXPECT_EQ(client.stats().delivered, 3U);
  }
}

TEST_F(Scores, TheArrayIsTriedAgainHourly) {
  serve(reply_with(404));
  Client client(config());
  const auto scores_asked = [&] {
    score(client, "x");
    EXPECT_TRUE(client.flush(seconds(10)));
    return requests_to(kScores).size();
  };

  EXPECT_EQ(scores_asked(), 1U);
  clock->advance(hours(1) - seconds(1));
  EXPECT_EQ(scores_asked(), 1U);
  clock->advance(seconds(1));
  EXPECT_EQ(scores_asked(), 1U) << "the last one before the probe";
  EXPECT_EQ(scores_asked(), 2U) << "still refused";
  clock->advance(hours(1) - seconds(1));
  EXPECT_EQ(scores_asked(), 2U);
  serve(reply_with(202));
  clock->advance(seconds(1));
  EXPECT_EQ(scores_asked(), 2U);
  EXPECT_EQ(scores_asked(), 3U) << "now it is known";
  EXPECT_EQ(scores_asked(), 4U);
  EXPECT_EQ(client.stats().delivered, 8U);
  EXPECT_EQ(client.stats().dropped_total(), 0U);
}

TEST_F(Scores, AServerThatKnowsNeitherFormEndsIt) {
  serve(reply_with(404), reply_with(404));
  Client client(config());
  score(client, "x");

  EXPECT_FALSE(client.flush(seconds(10)));
  EXPECT_LE(http->request_count(), 4U);
  EXPECT_EQ(client.stats().dropped_by(DropReason::Rejected), 1U);
}

TEST_F(Scores, A207IsNeverSentAgain) {
  http->respond(reply_with(
      207, R"({"accepted":2,"rejected":1,"errors":[{"message":"Score config not found"}]})"));
  Client client(config());
  for (const char* name : {"a", "b", "c"}) score(client, name);

  EXPECT_FALSE(client.flush(seconds(10)));
  clock->advance(hours(1));
  EXPECT_TRUE(http->wait_idle());

  EXPECT_EQ(http->request_count(), 1U);
  EXPECT_EQ(client.stats().delivered, 2U);
  EXPECT_EQ(client.stats().dropped_by(DropReason::Rejected), 1U);
  EXPECT_TRUE(log->contains("Score config not found")) << log->text();
}

TEST_F(Scores, VerdictsOfScoreCreateCountItemByItem) {
  http->respond([](const FakeHttpClient::Request& request) -> std::optional<HttpReply> {
    if (request.url.ends_with(kScores)) return reply_with(404);
    const auto body = JsonValue::parse(request.body);
    const std::string second = (*body)["batch"].elements().at(1)["id"].as_string();
    return reply_with(207, R"({"successes":[],"errors":[{"id":")" + second +
                               R"(","status":400,"message":"Invalid request data"}]})");
  });
  Client client(config());
  for (const char* name : {"a", "b", "c"}) score(client, name);
  EXPECT_FALSE(client.flush(seconds(10)));

  EXPECT_EQ(client.stats().delivered, 2U);
  EXPECT_EQ(client.stats().dropped_by(DropReason::Rejected), 1U);
}

TEST_F(Scores, TravelAsEventsInLegacyMode) {
  serve(reply_with(404));
  Client client(legacy());
  score(client, "a");
  EXPECT_TRUE(client.flush(seconds(10)));

  EXPECT_EQ(requests_to(kScores).size(), 0U);
  EXPECT_EQ(requests_to(kIngestion).size(), 1U);
}

// The server keeps one event of an id: what are different scores must be different events.
TEST_F(Scores, ThatDifferAreEventsOfTheirOwn) {
  serve(reply_with(404));
  Client client(legacy());
  const Timestamp day = clock->now();
  const auto give = [&](const char* id, const char* name, Timestamp time) {
    client.score({.name = name, .value = 1, .trace_id = kTrace, .score_id = id, .timestamp = time});
  };
  give("order-12-3", "a", day);
  give("order-1-23", "a", day);
  give("order-12-3", "b", day);
  give("order-12-3", "a", day + hours(24));
  give("order-12-3", "a", day + hours(1));  // overwrites the first
  EXPECT_TRUE(client.flush(seconds(10)));

  const JsonValue body = parsed(requests_to(kIngestion).at(0).body);
  std::vector<std::string> ids;
  for (const JsonValue& event : body["batch"].elements()) ids.push_back(event["id"].as_string());
  ASSERT_EQ(ids.size(), 5U);
  EXPECT_EQ(ids[4], ids[0]);
  ids.pop_back();
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
  EXPECT_EQ(client.stats().delivered, 5U);
}

TEST_F(Scores, OfOneIdInABatchAreCountedOneByOne) {
  int refused = 0;
  http->respond([&refused](const FakeHttpClient::Request& request) {
    return std::optional(
        ingestion_reply(request, [&](const JsonValue&) { return refused++ == 0 ? 400 : 0; }));
  });
  Client client(legacy());
  for (int i = 0; i < 3; ++i) {
    client.score({.name = "a", .value = i, .trace_id = kTrace, .score_id = "same"});
  }
  EXPECT_FALSE(client.flush(seconds(10)));

  EXPECT_EQ(client.stats().delivered, 2U);
  EXPECT_EQ(client.stats().dropped_by(DropReason::Rejected), 1U);
}

TEST_F(Scores, AreTheSameEventsWhenTheyAreSentAgain) {
  bool first = true;
  http->respond([&first](const FakeHttpClient::Request& request) {
    HttpReply reply = ingestion_reply(request);
    reply.complete = !std::exchange(first, false);
    return std::optional(reply);
  });
  Client client(legacy());
  client.score({.name = "a", .value = 1, .trace_id = kTrace, .score_id = "order-12-3"});
  EXPECT_FALSE(client.flush(milliseconds(0)));
  ASSERT_TRUE(http->wait_idle());
  clock->advance(seconds(1));
  EXPECT_TRUE(client.flush(seconds(10)));

  const auto requests = requests_to(kIngestion);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[1].body, requests[0].body);
  EXPECT_EQ(client.stats().ambiguous_resends, 1U);
}

TEST_F(Scores, AreReportedByTheIdThatTheirUserGave) {
  http->respond(reply_with(400));
  Client client(legacy());
  const std::string uuid = "0190a1e3-c000-7318-8cdb-58d69056b083";
  client.score({.name = "a", .value = 1, .trace_id = kTrace, .score_id = "order-12-3"});
  client.score({.name = "b", .value = 1, .trace_id = kTrace, .score_id = uuid});
  EXPECT_FALSE(client.flush(seconds(10)));

  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].ids, std::vector<std::string>{"order-12-3"});
  EXPECT_EQ(errors[1].ids, std::vector<std::string>{uuid});
}

TEST_F(Scores, AClockThatIsSetBackDoesNotPutOffTheArray) {
  serve(reply_with(404));
  Client client(config());
  score(client, "x");
  EXPECT_TRUE(client.flush(seconds(10)));
  serve(reply_with(202));
  clock->jump_wall(-hours(24 * 365));
  score(client, "x");
  EXPECT_TRUE(client.flush(seconds(10)));
  score(client, "x");
  EXPECT_TRUE(client.flush(seconds(10)));

  EXPECT_EQ(requests_to(kScores).size(), 2U);
}

TEST_F(Scores, HaveAnEnvironmentThatTheServerTakes) {
  Client client(config());
  {
    const auto scope = llmtrace::propagate({.environment = "Staging"});
    const Observation span = client.span({.name = "x"});
    span.score({.name = "a", .value = 1});
  }
  EXPECT_TRUE(client.flush(seconds(10)));

  EXPECT_EQ(parsed(requests_to(kScores).at(0).body).elements().at(0)["environment"].as_string(),
            "staging");
}

TEST_F(Scores, A207WhoseNumbersAreNotTheBatchsIsNotBelieved) {
  for (const char* body :
       {R"({"accepted":3,"rejectec":1})", R"({"accepted":2,"rejected":1})", R"({"rejected":0})",
        R"({"accepted":-1,"rejected":5})", R"({"accepted":9223372036854775807,"rejected":1})"}) {
    http = std::make_shared<FakeHttpClient>(clock);
    transport = llmtrace::Transport::create({.http_client = http, .clock = clock, .log_sink = log});
    http->respond(reply_with(207, body));
    Client client(config());
    for (int i = 0; i < 4; ++i) score(client, "x");
    EXPECT_FALSE(client.flush(milliseconds(0)));
    ASSERT_TRUE(http->wait_idle());
    EXPECT_EQ(client.stats().in_memory, 4U) << body;

    http->respond(reply_with(207, R"({"accepted":3,"rejected":1,"errors":[{"message":"x"}]})"));
    clock->advance(seconds(1));
    EXPECT_FALSE(client.flush(seconds(10)));
    EXPECT_EQ(client.stats().delivered, 3U) << body;
    EXPECT_EQ(client.stats().ambiguous_resends, 1U) << body;
  }
}

}  // namespace
}  // namespace langfuse::testing
