// The ingestion route of self-hosted servers before 3.22: events, and a verdict for each in a 207.
#include "tests/langfuse/langfuse_fixture.h"

namespace langfuse::testing {
namespace {

using llmtrace::DropReason;
using llmtrace::HttpReply;

constexpr char kIngestion[] = "/api/public/ingestion";

class Legacy : public LangfuseTest {
 protected:
  Legacy() { http->respond(reply_with(207, R"({"successes":[],"errors":[]})")); }

  Config config() {
    Config legacy = LangfuseTest::config();
    legacy.protocol = Protocol::Legacy;
    legacy.compression.reset();
    return legacy;
  }
  std::vector<JsonValue> events() const {
    std::vector<JsonValue> all;
    for (const auto& request : requests_to(kIngestion)) {
      const JsonValue body = parsed(request.body);
      for (const JsonValue& event : body["batch"].elements()) all.push_back(event);
    }
    return all;
  }
  static std::vector<std::string> ids_of(const FakeHttpClient::Request& request) {
    std::vector<std::string> ids;
    const JsonValue body = parsed(request.body);
    for (const JsonValue& event : body["batch"].elements()) {
      ids.push_back(event["id"].as_string());
    }
    return ids;
  }
};

TEST_F(Legacy, SendsATraceAndItsObservations) {
  Client client(config());
  {
    const Trace trace = client.trace({.name = "rag",
                                      .user_id = "u",
                                      .session_id = "s",
                                      .version = "v",
                                      .release = "r",
                                      .input = "in",
                                      .output = "out",
                                      .metadata = {{"k", 1}},
                                      .tags = {"a", "b"},
                                      .is_public = true});
    trace
        .generation({.name = "gen",
                     .input = {{"q", 1}},
                     .model = "m",
                     .model_parameters = {{"t", 0.5}},
                     .usage_details = {{"input", 3}},
                     .cost_details = {{"total", 0.5}},
                     .prompt = {.name = "p", .version = 2}})
        .end();
    trace.event({.name = "moment"});
    trace.start_observation({.name = "tool", .as_type = ObservationType::Tool}).end();
  }
  EXPECT_TRUE(client.flush(seconds(10)));

  const auto requests = requests_to(kIngestion);
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].header("Content-Encoding"), "") << "the route refuses gzip";
  EXPECT_EQ(requests[0].header("x-langfuse-ingestion-version"), "");
  std::map<std::string, JsonValue> by_name;
  for (const JsonValue& event : events()) {
    by_name[event["type"].as_string() + " " + event["body"]["name"].as_string()] = event;
    EXPECT_FALSE(event["id"].as_string().empty());
    EXPECT_FALSE(event["body"]["id"].as_string().empty());
    EXPECT_FALSE(event["timestamp"].as_string().empty());
  }
  ASSERT_EQ(by_name.size(), 5U);
  const JsonValue& trace = by_name.at("trace-create rag")["body"];
  EXPECT_EQ(trace["userId"].as_string(), "u");
  EXPECT_EQ(trace["sessionId"].as_string(), "s");
  EXPECT_EQ(trace["version"].as_string(), "v");
  EXPECT_EQ(trace["release"].as_string(), "r");
  EXPECT_EQ(trace["input"].as_string(), "in");
  EXPECT_EQ(trace["output"].as_string(), "out");
  EXPECT_EQ(trace["metadata"].to_text(), R"({"k":1})");
  EXPECT_EQ(trace["tags"].to_text(), R"(["a","b"])");
  EXPECT_TRUE(trace["public"].as_bool());
  const JsonValue& root = by_name.at("span-create rag")["body"];
  const JsonValue& generation = by_name.at("generation-create gen")["body"];
  EXPECT_EQ(generation["traceId"].as_string(), trace["id"].as_string());
  EXPECT_EQ(generation["parentObservationId"].as_string(), root["id"].as_string());
  EXPECT_EQ(generation["input"].to_text(), R"({"q":1})");
  EXPECT_EQ(generation["model"].as_string(), "m");
  EXPECT_EQ(generation["modelParameters"].to_text(), R"({"t":0.5})");
  EXPECT_EQ(generation["usageDetails"].to_text(), R"({"input":3})");
  EXPECT_EQ(generation["costDetails"].to_text(), R"({"total":0.5})");
  EXPECT_EQ(generation["promptName"].as_string(), "p");
  EXPECT_EQ(generation["promptVersion"].as_integer(), 2);
  EXPECT_EQ(by_name.at("event-create moment")["body"].find("endTime"), nullptr);
  EXPECT_EQ(by_name.at("span-create tool")["body"]["metadata"].to_text(),
            R"({"observation_type":"tool"})");
}

TEST_F(Legacy, LinksThePropagatedPrompt) {
  Client client(config());
  {
    auto scope = llmtrace::propagate({.prompt = {.name = "qa", .version = 4}});
    client.generation({.name = "gen"}).end();
  }
  EXPECT_TRUE(client.flush(seconds(10)));

  const auto all = events();
  EXPECT_EQ(all.back()["body"]["promptName"].as_string(), "qa");
  EXPECT_EQ(all.back()["body"]["promptVersion"].as_integer(), 4);
}

TEST_F(Legacy, ReadsA207ItemByItem) {
  Client client(config());
  int calls = 0;
  http->respond([&calls](const FakeHttpClient::Request& request) {
    const auto ids = ids_of(request);
    if (calls++ > 0) return std::optional(reply_with(207, R"({"successes":[],"errors":[]})"));
    const auto error = [&ids](std::size_t index, int status) {
      return R"({"id":")" + ids.at(index) + R"(","status":)" + std::to_string(status) +
             R"(,"message":"verdict","error":"Event type not accepted"})";
    };
    // Two events an observation: its trace's and its own. The third's trace event alone is refused.
    return std::optional(reply_with(207, R"({"successes":[],"errors":[)" + error(1, 400) + "," +
                                             error(3, 500) + "," + error(4, 400) + "," +
                                             error(7, 429) + "," + error(9, 401) + "]}"));
  });
  for (int i = 0; i < 6; ++i) client.span({.name = std::to_string(i)}).end();

  EXPECT_FALSE(client.flush(milliseconds(0)));
  ASSERT_TRUE(http->wait_idle());
  clock->advance(seconds(1));
  EXPECT_FALSE(client.flush(seconds(10)));

  const auto requests = requests_to(kIngestion);
  ASSERT_EQ(requests.size(), 2U);
  const auto first = ids_of(requests[0]);
  EXPECT_EQ(ids_of(requests[1]),
            (std::vector<std::string>{first[2], first[3], first[6], first[7]}));
  EXPECT_EQ(client.stats().delivered, 3U);
  EXPECT_EQ(client.stats().dropped_by(DropReason::Rejected), 2U);
  EXPECT_EQ(client.stats().dropped_by(DropReason::Unauthorized), 1U);
  EXPECT_EQ(client.stats().in_memory, 0U);
  EXPECT_TRUE(log->contains("Event type not accepted")) << log->text();
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].count + errors[1].count, 3U);
}

// R7: whatever part of the verdicts arrives, nothing is lost and nothing is counted twice.
TEST_F(Legacy, LosesNothingWhenA207IsCutAtAnyByte) {
  Config small = config();
  Client client(small);
  std::string verdicts;
  std::size_t cut = 0;
  bool first = true;
  http->respond([&](const FakeHttpClient::Request& request) {
    const auto ids = ids_of(request);
    verdicts = R"({"successes":[{"id":")" + ids.at(0) + R"(","status":201}],"errors":[{"id":")" +
               ids.at(1) + R"(","status":400,"message":"Invalid request data"}]})";
    HttpReply reply = reply_with(207, verdicts);
    if (std::exchange(first, false) && cut < verdicts.size()) {
      reply.body = verdicts.substr(0, cut);
      reply.complete = false;
      reply.error = "transfer closed with outstanding read data remaining";
    }
    return std::optional(reply);
  });

  std::uint64_t sent = 0;
  do {
    first = true;
    client.span({.name = "x"}).end();
    ++sent;
    client.flush(milliseconds(0));
    ASSERT_TRUE(http->wait_idle());
    clock->advance(seconds(1));
    ASSERT_TRUE(http->wait_idle());
    EXPECT_EQ(client.stats().dropped_by(DropReason::Rejected), sent) << cut;
    EXPECT_EQ(client.stats().in_memory, 0U) << cut;
  } while (++cut <= verdicts.size());
  EXPECT_GT(cut, 150U);
  EXPECT_EQ(http->request_count(), 2 * sent - 1);  // only the uncut one was enough
}

TEST_F(Legacy, BelievesNoVerdictThatIsNone) {
  const std::string deep = std::string(500'000, '[');
  for (const std::string& body :
       {std::string(), std::string("<html>"), std::string("{}"), std::string("[]"), deep,
        R"({"errors":)" + deep, std::string(R"({"errors":{}})"),
        std::string(R"({"errors":null})")}) {
    Client client(config());
    http->respond(reply_with(207, body));
    client.span({.name = "x"}).end();
    EXPECT_FALSE(client.flush(milliseconds(0)));
    ASSERT_TRUE(http->wait_idle());
    EXPECT_EQ(client.stats().in_memory, 1U) << body.substr(0, 30);
    EXPECT_EQ(client.stats().delivered, 0U) << body.substr(0, 30);
    http->respond(reply_with(207, R"({"errors":[]})"));
    clock->advance(seconds(60));
    EXPECT_TRUE(client.flush(seconds(10)));
  }
}

TEST_F(Legacy, IgnoresVerdictsOfStrangers) {
  Client client(config());
  http->respond(reply_with(
      207, R"({"errors":[{"id":"unknown","status":400},{"status":400},7,null,"x",{"id":5}]})"));
  client.span({.name = "x"}).end();

  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(client.stats().delivered, 1U);
}

TEST_F(Legacy, KeepsItemsUnderTheRoutesLimit) {
  Config large = config();
  large.max_event_bytes = 100'000'000;
  large.max_batch_bytes = 3'000'000;
  Client client(large);
  client.span({.name = "big", .input = std::string(8'000'000, 'x')}).end();
  EXPECT_TRUE(client.flush(seconds(10)));

  EXPECT_LT(requests_to(kIngestion).at(0).body.size(), 4'500'000U);
  EXPECT_EQ(client.stats().truncated_items, 1U);
}

}  // namespace
}  // namespace langfuse::testing
