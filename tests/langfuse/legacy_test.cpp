// The ingestion route of self-hosted servers before 3.22: events, and a verdict for each in a 207.
#include <llmtrace/observe.h>

#include <map>

#include "tests/langfuse/langfuse_fixture.h"

namespace langfuse::testing {
namespace {

using llmtrace::DropReason;
using llmtrace::HttpReply;

constexpr char kIngestion[] = "/api/public/ingestion";

class Legacy : public LangfuseTest {
 protected:
  Legacy() {
    http->respond([](const FakeHttpClient::Request& request) {
      return std::optional(ingestion_reply(request));
    });
  }

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

TEST_F(Legacy, KeepsTheTypesThatAreSpansThere) {
  Client client(config());
  for (const ObservationType type :
       {ObservationType::Chain, ObservationType::Prompt, ObservationType::Parser}) {
    client.start_observation({.name = "x", .as_type = type}).end();
  }
  EXPECT_TRUE(client.flush(seconds(10)));

  std::vector<std::string> types;
  for (const JsonValue& event : events()) {
    if (event["type"].as_string() != "span-create") continue;
    types.push_back(event["body"]["metadata"]["observation_type"].as_string());
  }
  EXPECT_EQ(types, (std::vector<std::string>{"chain", "prompt", "parser"}));
}

// The route refuses a generation whose parameters have another shape than its schema allows.
TEST_F(Legacy, WritesModelParametersInTheShapesThatTheRouteTakes) {
  Client client(config());
  const auto sent = [&](llmtrace::Json parameters) {
    client.generation({.name = "g", .model_parameters = std::move(parameters)}).end();
    EXPECT_TRUE(client.flush(seconds(10)));
    return events().back()["body"]["modelParameters"].to_text();
  };

  EXPECT_EQ(sent({{"s", "text"}, {"n", 0.5}, {"i", 7}, {"b", true}, {"null", nullptr}}),
            R"({"s":"text","n":0.5,"i":7,"b":true,"null":null})");
  EXPECT_EQ(sent({{"stop", {"a", "b"}}, {"labels", {{"k", "v"}}}}),
            R"({"stop":["a","b"],"labels":{"k":"v"}})");
  EXPECT_EQ(sent({{"logit_bias", {{"50256", -100}}}}), R"({"logit_bias":"{\"50256\":-100}"})");
  EXPECT_EQ(sent({{"seeds", {1, 2}}, {"stop", {"a", "b"}}}),
            R"({"seeds":"[1,2]","stop":["a","b"]})");
  EXPECT_EQ(sent({1, 2}), R"({"model_parameters":"[1,2]"})");
}

TEST_F(Legacy, WritesModelParametersWhoseMaskFailed) {
  Config masked = config();
  masked.mask = [](llmtrace::JsonText, llmtrace::Field) -> llmtrace::JsonText {
    throw std::runtime_error("no mask");
  };
  Client client(masked);
  client.generation({.name = "g", .model_parameters = {{"t", 1}}}).end();
  EXPECT_TRUE(client.flush(seconds(10)));

  EXPECT_EQ(events().back()["body"]["modelParameters"].to_text(),
            R"({"model_parameters":"<fully masked due to failed mask function>"})");
}

// The route refuses a trace whose name JavaScript counts as longer than 1,000.
TEST_F(Legacy, CutsATracesNameWhereTheRouteWouldRefuseIt) {
  Client client(config());
  const auto sent_length = [&](const std::string& name) {
    client.trace({.name = name}).end();
    EXPECT_TRUE(client.flush(seconds(10)));
    const auto all = events();
    EXPECT_EQ(all.back()["body"]["name"].as_string(), name) << "an observation's has no bound";
    return all.at(all.size() - 2)["body"]["name"].as_string().size();
  };
  std::string two_units;  // each
  for (int i = 0; i < 600; ++i) two_units += "\xF0\x9F\x8C\x8D";

  EXPECT_EQ(sent_length(std::string(1000, 'x')), 1000U);
  EXPECT_EQ(sent_length(std::string(1001, 'x')), 1000U);
  EXPECT_EQ(sent_length(two_units), 500U * 4);
  EXPECT_EQ(sent_length("x" + two_units), 1 + 499U * 4) << "no code point is cut in two";
}

TEST_F(Legacy, SendsAPropagatedEnvironmentAsTheServerTakesIt) {
  Client client(config());
  {
    const auto scope = llmtrace::propagate({.environment = "Langfuse staging"});
    client.span({.name = "x"}).end();
  }
  EXPECT_TRUE(client.flush(seconds(10)));

  for (const JsonValue& event : events()) {
    EXPECT_EQ(event["body"]["environment"].as_string(), "default");
  }
  EXPECT_EQ(client.stats().invalid_attributes, 2U);
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
    if (calls++ > 0) return std::optional(ingestion_reply(request));
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

// One of the errors may be meant for our item, its id damaged: that is no reason to think that the
// item has arrived.
TEST_F(Legacy, AVerdictOnAStrangerIsNoneOnTheItem) {
  Client client(config());
  http->respond(reply_with(
      207,
      R"({"successes":[],"errors":[{"id":"unknown","status":400},{"status":400},7,null,"x",{"id":5}]})"));
  client.span({.name = "x"}).end();
  EXPECT_FALSE(client.flush(milliseconds(0)));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(client.stats().in_memory, 1U);
  EXPECT_EQ(client.stats().delivered, 0U);

  http->respond([](const FakeHttpClient::Request& request) {
    return std::optional(ingestion_reply(request));
  });
  clock->advance(seconds(1));
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(client.stats().delivered, 1U);
  EXPECT_EQ(client.stats().ambiguous_resends, 1U);
}

TEST_F(Legacy, OneDamagedIdLosesNothing) {
  Client client(config());
  bool first = true;
  http->respond([&first](const FakeHttpClient::Request& request) {
    HttpReply reply = ingestion_reply(request, [](const JsonValue& event) {
      const bool bad = event["body"]["name"].as_string() == "bad";
      return bad && event["type"].as_string() == "span-create" ? 400 : 0;
    });
    const std::size_t error = reply.body.find(R"("errors":[{"id":")") + 17;
    if (std::exchange(first, false)) reply.body[error] = 'x';
    return std::optional(reply);
  });
  for (const char* name : {"a", "bad", "c"}) client.span({.name = name}).end();
  EXPECT_FALSE(client.flush(milliseconds(0)));
  ASSERT_TRUE(http->wait_idle());
  clock->advance(seconds(1));
  EXPECT_FALSE(client.flush(seconds(10)));

  EXPECT_EQ(client.stats().delivered, 2U);
  EXPECT_EQ(client.stats().dropped_by(DropReason::Rejected), 1U);
  EXPECT_EQ(ids_of(requests_to(kIngestion).at(1)).size(), 2U) << "the one that was not spoken of";
}

// Events are told apart by what they are, not by their places: a flush that was still in a hurry
// may have sent the child ahead of the root.
TEST_F(Legacy, AnItemHasArrivedWhenAllItsEventsHave) {
  Client client(config());
  std::string left_out;  // of the successes, the first time
  std::map<std::string, int> times_sent;
  http->respond([&](const FakeHttpClient::Request& request) {
    const JsonValue body = parsed(request.body);
    std::string successes;
    for (const JsonValue& event : body["batch"].elements()) {
      const std::string what = event["type"].as_string() + " " + event["body"]["name"].as_string();
      if (++times_sent[what] == 1 && what == left_out) continue;
      if (!successes.empty()) successes += ',';
      successes += R"({"id":")" + event["id"].as_string() + R"(","status":201})";
    }
    return std::optional(reply_with(207, R"({"successes":[)" + successes + R"(],"errors":[]})"));
  });
  for (const char* const event : {"span-create child", "trace-create root", "span-create root"}) {
    left_out = event;
    times_sent.clear();
    {
      const Observation root = client.span({.name = "root"});
      root.span({.name = "child"}).end();
    }
    client.flush(milliseconds(0));
    ASSERT_TRUE(http->wait_idle());
    clock->advance(seconds(1));
    EXPECT_TRUE(client.flush(seconds(10)));

    const bool is_child = left_out == "span-create child";
    EXPECT_EQ(times_sent["span-create child"], is_child ? 2 : 1) << event;
    EXPECT_EQ(times_sent["trace-create root"], is_child ? 1 : 2) << event;
    EXPECT_EQ(times_sent["span-create root"], is_child ? 1 : 2) << event;
  }
  EXPECT_EQ(client.stats().delivered, 6U);
}

TEST_F(Legacy, AServerThatNeverSpeaksOfAnItemDoesNotGetItForEver) {
  Client client(config());
  http->respond(reply_with(207, R"({"successes":[{"id":"another","status":201}],"errors":[]})"));
  client.span({.name = "x"}).end();
  client.flush(milliseconds(0));
  for (int i = 0; i < 100 && client.stats().in_memory != 0; ++i) {
    ASSERT_TRUE(http->wait_idle());
    clock->advance(seconds(61));
  }

  EXPECT_EQ(requests_to(kIngestion).size(), 5U);
  EXPECT_EQ(client.stats().dropped_by(DropReason::Rejected), 1U);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].ids.size(), 1U);
  EXPECT_NE(errors[0].message.find("no verdict"), std::string::npos) << errors[0].message;
}

TEST_F(Legacy, CountsTheResendAfterA207ThatWasCut) {
  Client client(config());
  bool first = true;
  http->respond([&first](const FakeHttpClient::Request& request) {
    HttpReply reply = ingestion_reply(request);
    if (std::exchange(first, false)) {
      reply.body.resize(reply.body.size() / 2);
      reply.complete = false;
    }
    return std::optional(reply);
  });
  client.span({.name = "x"}).end();
  EXPECT_FALSE(client.flush(milliseconds(0)));
  ASSERT_TRUE(http->wait_idle());
  clock->advance(seconds(1));

  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(client.stats().ambiguous_resends, 1U);
}

TEST_F(Legacy, AServerWithoutTheseEventsNamesTheRemedy) {
  Client client(config());
  http->respond([](const FakeHttpClient::Request& request) {
    return std::optional(reply_with(207, R"({"successes":[],"errors":[{"id":")" +
                                             ids_of(request).at(0) +
                                             R"(","status":400,"message":"Invalid request data",)"
                                             R"("error":"Event type not accepted"}]})"));
  });
  client.span({.name = "x"}).end();
  EXPECT_FALSE(client.flush(seconds(10)));
  http->respond(reply_with(404));
  clock->advance(seconds(1));
  client.span({.name = "y"}).end();
  EXPECT_FALSE(client.flush(seconds(10)));

  ASSERT_EQ(errors.size(), 2U);
  for (const auto& error : errors) {
    EXPECT_NE(error.message.find("Protocol::Otlp"), std::string::npos) << error.message;
  }
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
