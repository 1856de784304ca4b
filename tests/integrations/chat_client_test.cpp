// ChatClient against a real server on the loopback interface, with what servers do.
#include <curl/curl.h>
#include <gtest/gtest.h>
#include <llmtrace/metrics.h>
#include <llmtrace/openai.h>
#include <llmtrace/testing.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "common/src/json_value.h"
#include "tests/support/scoped_environment.h"
#include "tests/support/scripted_server.h"

namespace llmtrace::openai::testing {
namespace {

using llmtrace::testing::MemoryDestination;
using llmtrace::testing::RecordedObservation;
using llmtrace::tests::ScopedEnvironment;
using llmtrace::tests::ScriptedServer;
using llmtrace::tests::ServerReply;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kKey[] = "sk-canary-0123456789";
constexpr char kReply[] =
    R"({"id":"r1","model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},)"
    R"("finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":2}})";

std::string chunk(const std::string& text) {
  return R"(data: {"id":"s1","model":"m-1","choices":[{"index":0,"delta":{"content":")" + text +
         "\"}}]}\n\n";
}
const std::string kEnd =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":2}}\n\ndata: "
    "[DONE]\n\n";

ServerReply events(std::string body) {
  ServerReply reply;
  reply.headers = {{"Content-Type", "text/event-stream"}};
  reply.body = std::move(body);
  return reply;
}
ServerReply status(int code, std::string body = "",
                   std::vector<std::pair<std::string, std::string>> headers = {}) {
  ServerReply reply;
  reply.status = code;
  reply.headers = std::move(headers);
  reply.body = std::move(body);
  return reply;
}

class ChatClientTest : public ::testing::Test {
 protected:
  ChatClientTest() {
    for (const char* name : {"OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"})
      environment.unset(name);
  }
  ChatConfig config() {
    ChatConfig config;
    config.base_url = server.url() + "/v1";
    config.api_key = Secret(kKey);
    config.timeout = seconds(20);
    config.retry_delay = milliseconds(1);
    return config;
  }
  ChatRequest hello() {
    return {.model = "m", .messages = {{.role = "user", .content = "hi"}}, .temperature = 0.5};
  }
  RecordedObservation recorded() {
    const auto all = memory.observations();
    EXPECT_FALSE(all.empty());
    return all.empty() ? RecordedObservation() : all.back();
  }

  ScopedEnvironment environment;
  ScriptedServer server;
  MemoryDestination memory;
};

TEST_F(ChatClientTest, ACompletionIsReturnedAndRecorded) {
  ServerReply reply;
  reply.body = kReply;
  server.always(reply);
  const ChatClient client(config());
  const auto completion = client.complete(hello());
  ASSERT_TRUE(completion) << completion.error().message;
  EXPECT_EQ(completion->text(), "yes");
  EXPECT_EQ(completion->finish_reason(), "stop");
  EXPECT_EQ(completion->usage->prompt_tokens, 10);
  EXPECT_EQ(completion->cost, 0.0) << "a machine of one's own";

  const auto request = server.requests().at(0);
  EXPECT_EQ(request.target, "/v1/chat/completions");
  EXPECT_EQ(request.header("authorization"), std::string("Bearer ") + kKey);
  EXPECT_EQ(request.body,
            R"({"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":0.5})");
  const RecordedObservation generation = recorded();
  EXPECT_EQ(generation.name, "chat m");
  EXPECT_EQ(generation.type, ObservationType::Generation);
  EXPECT_EQ(generation.model, "m");
  EXPECT_EQ(generation.provider, "openai");
  EXPECT_EQ(generation.input, R"([{"role":"user","content":"hi"}])");
  EXPECT_EQ(generation.output, R"({"role":"assistant","content":"yes"})");
  EXPECT_EQ(generation.usage_details.find("input"), 10);
  EXPECT_EQ(generation.usage_details.find("output"), 2);
  EXPECT_EQ(generation.model_parameters, R"({"temperature":0.5})");
}

TEST_F(ChatClientTest, AStreamArrivesInPieces) {
  server.always(events(chunk("a") + chunk("b") + kEnd));
  const ChatClient client(config());
  std::vector<std::string> pieces;
  const auto completion = client.stream(hello(), [&](std::string_view text) {
    pieces.emplace_back(text);
    return true;
  });
  ASSERT_TRUE(completion) << completion.error().message;
  EXPECT_EQ(completion->text(), "ab");
  EXPECT_TRUE(completion->time_to_first_token);
  std::string all;
  for (const std::string& piece : pieces) all += piece;
  EXPECT_EQ(all, "ab");
  EXPECT_NE(
      server.requests().at(0).body.find(R"("stream":true,"stream_options":{"include_usage":true})"),
      std::string::npos);
  EXPECT_TRUE(recorded().completion_start_time);
  EXPECT_EQ(recorded().usage_details.find("total"), 12);
}

TEST_F(ChatClientTest, RetriesWhatMayPassAndSaysSo) {
  server.respond([](const auto&, std::size_t before) {
    if (before == 0) return status(503, "{\"error\":\"busy\"}");
    if (before == 1) return status(429, "", {{"Retry-After", "0"}});
    ServerReply reply;
    reply.body = kReply;
    return reply;
  });
  const ChatClient client(config());
  const auto completion = client.complete(hello());
  ASSERT_TRUE(completion) << completion.error().message;
  EXPECT_EQ(completion->attempts, 3);
  const auto metadata = JsonValue::parse(recorded().metadata);
  EXPECT_EQ((*metadata)["attempts"].as_integer(), 3);
  EXPECT_EQ((*metadata)["failed_attempts"].elements().at(0).as_string(), "http_503: busy");
  EXPECT_EQ(recorded().level, Level::Default);
}

TEST_F(ChatClientTest, ARetryAfterThatDoesNotFitEndsTheCall) {
  server.always(status(429, "{\"error\":{\"message\":\"later\"}}", {{"Retry-After", "3600"}}));
  const ChatClient client(config());
  const auto completion = client.complete(hello());
  ASSERT_FALSE(completion);
  EXPECT_EQ(completion.error().http_status, 429);
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(recorded().status_message, "http_429: later");
}

TEST_F(ChatClientTest, WhatWillNotPassIsNotRepeated) {
  for (const int code : {400, 401, 403, 404, 422, 302}) {
    server.always(status(code, "{\"error\":{\"message\":\"no\"}}"));
    const ChatClient client(config());
    const auto completion = client.complete(hello());
    ASSERT_FALSE(completion);
    EXPECT_EQ(completion.error().http_status, code);
    EXPECT_EQ(recorded().level, Level::Error);
    EXPECT_EQ(recorded().status_message, "http_" + std::to_string(code) + ": no");
  }
  EXPECT_EQ(server.requests().size(), 6U);
}

TEST_F(ChatClientTest, AServerThatHangsUpIsAskedAgainAndThenNamed) {
  ServerReply reply;
  reply.hang_up = true;
  server.always(reply);
  const ChatClient client(config());
  const auto completion = client.complete(hello());
  ASSERT_FALSE(completion);
  EXPECT_EQ(server.requests().size(), 3U);
  EXPECT_TRUE(completion.error().message.starts_with(server.url())) << completion.error().message;
  EXPECT_EQ(recorded().level, Level::Error);
}

TEST_F(ChatClientTest, AStreamThatIsCutIsAnErrorWithWhatArrived) {
  ServerReply reply = events(chunk("half") + chunk("way") + kEnd);
  reply.cut_at = 220;  // within the second chunk
  server.always(reply);
  const ChatClient client(config());
  std::string text;
  const auto completion = client.stream(hello(), [&](std::string_view piece) {
    text += piece;
    return true;
  });
  ASSERT_FALSE(completion);
  EXPECT_EQ(text, "half");
  EXPECT_EQ(server.requests().size(), 1U) << "it has spoken: asking again would repeat it";
  EXPECT_EQ(recorded().level, Level::Error);
  EXPECT_TRUE(recorded().status_message.starts_with("stream_cut: ")) << recorded().status_message;
  EXPECT_EQ(recorded().output, R"({"role":"assistant","content":"half"})");
}

TEST_F(ChatClientTest, GarbageIsAnErrorAndNoCrash) {
  for (const std::string body : {"", "<html>", "[]", "{\"choices\":5}", "{\"error\":\"x\"}"}) {
    ServerReply reply;
    reply.body = body;
    server.always(reply);
    const ChatClient client(config());
    EXPECT_FALSE(client.complete(hello())) << body;
    EXPECT_TRUE(recorded().status_message.starts_with("invalid_reply: "))
        << recorded().status_message;
    const std::string shown = body.empty() ? "" : Json(body).to_text();
    EXPECT_EQ(recorded().output, shown);
    EXPECT_FALSE(client.stream(hello(), {})) << body;
    EXPECT_EQ(recorded().level, Level::Error);
    EXPECT_EQ(recorded().output, shown);
    EXPECT_FALSE(client.embed({.model = "e", .input = {"a"}})) << body;
  }
}

TEST_F(ChatClientTest, AStalledServerIsGivenUpInTime) {
  ServerReply reply;
  reply.hold = true;
  server.always(reply);
  ChatConfig impatient = config();
  impatient.timeout = milliseconds(200);
  const ChatClient client(impatient);
  const auto completion = client.complete(hello());
  ASSERT_FALSE(completion);
  EXPECT_TRUE(recorded().status_message.starts_with("timeout: ")) << recorded().status_message;
  server.release();
}

// Not by libcurl's average over seconds.
TEST_F(ChatClientTest, AStreamThatSaysNothingIsGivenUp) {
  ChatConfig impatient = config();
  impatient.idle_timeout = milliseconds(10);
  impatient.max_retries = 0;
  const ChatClient client(impatient);
  ServerReply silent;
  silent.hold = true;
  server.always(silent);
  EXPECT_FALSE(client.stream(hello(), {}));
  EXPECT_EQ(recorded().status_message, "timeout: the stream said nothing for 10 ms");
  server.release();

  ServerReply slow = events(chunk("a") + chunk("b") + kEnd);
  slow.drip = 180;  // and 50 ms until the next
  server.always(slow);
  EXPECT_FALSE(client.stream(hello(), {}));
  EXPECT_EQ(recorded().status_message, "timeout: the stream said nothing for 10 ms");
  EXPECT_EQ(recorded().output, R"({"role":"assistant","content":"a"})");
}

TEST_F(ChatClientTest, OnlyAStreamIsExpectedToSayMuch) {
  ServerReply slow;
  slow.body = kReply;
  slow.drip = 100;  // and 50 ms until the next
  server.always(slow);
  ChatConfig impatient = config();
  impatient.idle_timeout = milliseconds(1);
  const ChatClient client(impatient);
  const auto completion = client.complete(hello());
  EXPECT_TRUE(completion) << completion.error().message;
}

TEST_F(ChatClientTest, ALongErrorPageIsStillThatError) {
  server.always(status(500, std::string(1 << 20, 'x')));
  ChatConfig once = config();
  once.max_retries = 0;
  const ChatClient client(once);
  EXPECT_FALSE(client.complete(hello()));
  EXPECT_TRUE(recorded().status_message.starts_with("http_500: xxx")) << recorded().status_message;
}

TEST_F(ChatClientTest, AReplyWithoutChoicesIsNone) {
  ServerReply reply;
  reply.body = R"({"choices":[],"error":{"message":"over quota"},"usage":{"prompt_tokens":7}})";
  server.always(reply);
  const ChatClient client(config());
  EXPECT_FALSE(client.complete(hello()));
  EXPECT_EQ(recorded().status_message, "invalid_reply: over quota");
  EXPECT_EQ(recorded().usage_details.find("input"), 7) << "it was paid for";
  server.always(events("data: [DONE]\n\n"));
  EXPECT_FALSE(client.stream(hello(), {}));
  EXPECT_EQ(recorded().status_message, "invalid_reply: the stream has no choices");
}

TEST_F(ChatClientTest, AStopRequestEndsACallThatHangs) {
  ServerReply reply;
  reply.hold = true;
  server.always(reply);
  const ChatClient client(config());
  std::stop_source stop;
  std::jthread stopper([&] {
    server.wait_for_requests(1);
    stop.request_stop();
  });
  ChatRequest request = hello();
  request.stop_token = stop.get_token();
  const auto completion = client.complete(std::move(request));
  ASSERT_FALSE(completion);
  EXPECT_TRUE(recorded().status_message.starts_with("cancelled: "));
  server.release();
}

TEST_F(ChatClientTest, ACallbackMayEndTheStreamOrThrow) {
  server.always(events(chunk("a") + chunk("b") + kEnd));
  const ChatClient client(config());
  EXPECT_FALSE(client.stream(hello(), [](std::string_view) { return false; }));
  EXPECT_EQ(recorded().status_message, "cancelled: the callback ended it");
  EXPECT_THROW(static_cast<void>(client.stream(
                   hello(), [](std::string_view) -> bool { throw std::runtime_error("mine"); })),
               std::runtime_error);
  EXPECT_EQ(recorded().level, Level::Error);
  EXPECT_EQ(recorded().status_message, "cancelled: the callback threw mine");
  EXPECT_NE(recorded().output.find("\"a"), std::string::npos) << "what arrived";
  EXPECT_THROW(static_cast<void>(client.stream(hello(), [](std::string_view) -> bool { throw 1; })),
               int);
  EXPECT_EQ(recorded().status_message, "cancelled: the callback threw what is no std::exception");
  EXPECT_TRUE(client.stream(hello(), {})) << "and the client goes on";
}

TEST_F(ChatClientTest, ARunawayReplyIsCutOff) {
  ServerReply reply;
  reply.body = std::string(1 << 20, 'x');
  server.always(reply);
  ChatConfig small = config();
  small.max_reply_bytes = 10'000;
  small.max_retries = 0;
  const ChatClient client(small);
  const auto completion = client.complete(hello());
  ASSERT_FALSE(completion);
  EXPECT_TRUE(recorded().status_message.starts_with("too_large: ")) << recorded().status_message;
}

TEST_F(ChatClientTest, EmbeddingsAreVectors) {
  ServerReply reply;
  reply.body = R"({"model":"e-1","data":[{"embedding":[0.5,1]},{"embedding":[2,-3]}],)"
               R"("usage":{"prompt_tokens":7}})";
  server.always(reply);
  const ChatClient client(config());
  const auto embeddings = client.embed({.model = "e", .input = {"a", "b"}, .dimensions = 2});
  ASSERT_TRUE(embeddings) << embeddings.error().message;
  EXPECT_EQ(embeddings->vectors, (std::vector<std::vector<float>>{{0.5F, 1}, {2, -3}}));
  EXPECT_EQ(server.requests().at(0).target, "/v1/embeddings");
  EXPECT_EQ(recorded().type, ObservationType::Embedding);
  EXPECT_EQ(recorded().usage_details.find("input"), 7);
  EXPECT_EQ(recorded().output, R"({"vectors":2,"dimensions":2})");
}

TEST_F(ChatClientTest, EmbeddingsAreInTheOrderOfTheInput) {
  ServerReply reply;
  reply.body = R"({"data":[{"index":1,"embedding":[2]},{"index":0,"embedding":[1]}]})";
  server.always(reply);
  const ChatClient client(config());
  const auto embeddings = client.embed({.model = "e", .input = {"a", "b"}});
  ASSERT_TRUE(embeddings) << embeddings.error().message;
  EXPECT_EQ(embeddings->vectors, (std::vector<std::vector<float>>{{1}, {2}}));
}

TEST_F(ChatClientTest, EmbeddingsThatAreNotOneForEachInputAreNone) {
  for (const char* data : {R"([{"embedding":[1]}])", R"([{"embedding":[1]},{"embedding":"AAAA"}])",
                           "[]", R"([{"index":0,"embedding":[1]},{"index":0,"embedding":[2]}])",
                           R"([{"index":7,"embedding":[1]},{"index":0,"embedding":[2]}])"}) {
    ServerReply reply;
    reply.body = std::string(R"({"data":)") + data + "}";
    server.always(reply);
    const ChatClient client(config());
    EXPECT_FALSE(client.embed({.model = "e", .input = {"a", "b"}})) << data;
    EXPECT_TRUE(recorded().status_message.starts_with("invalid_reply: ")) << data;
  }
}

TEST_F(ChatClientTest, TheKeyIsNowhereButInTheRequest) {
  server.always(status(401, std::string("{\"error\":{\"message\":\"bad key ") + kKey + "\"}}"));
  const ChatClient client(config());
  const auto completion = client.complete(hello());
  ASSERT_FALSE(completion);
  EXPECT_EQ(completion.error().message.find("canary"), std::string::npos);
  EXPECT_EQ(recorded().status_message.find("canary"), std::string::npos);
}

TEST_F(ChatClientTest, ContentMayStayOut) {
  ServerReply reply;
  reply.body = kReply;
  server.always(reply);
  ChatConfig silent = config();
  silent.capture_content = false;
  const ChatClient client(silent);
  EXPECT_TRUE(client.complete(hello()));
  EXPECT_EQ(recorded().input, "");
  EXPECT_EQ(recorded().output, "");
  EXPECT_EQ(recorded().usage_details.find("input"), 10);
}

TEST_F(ChatClientTest, ConfigurationComesFromTheEnvironmentAndWrongValuesAreNamed) {
  environment.set("OPENAI_BASE_URL", server.url());
  environment.set("OPENAI_API_KEY", "from-env");
  environment.set("OPENAI_MODEL", "env-model");
  ServerReply reply;
  reply.body = kReply;
  server.always(reply);
  const ChatClient client;
  EXPECT_TRUE(client.complete({.messages = {{.role = "user", .content = "hi"}}}));
  EXPECT_EQ(server.requests().at(0).header("authorization"), "Bearer from-env");
  EXPECT_NE(server.requests().at(0).body.find("env-model"), std::string::npos);

  EXPECT_THROW(ChatClient({.base_url = "ftp://x"}), std::invalid_argument);
  EXPECT_THROW(ChatClient({.headers = {{"a b", "c"}}}), std::invalid_argument);
  EXPECT_THROW(ChatClient({.timeout = milliseconds(0)}), std::invalid_argument);
  EXPECT_THROW(ChatClient({.api_key = Secret("a\r\nb")}), std::invalid_argument);
}

TEST_F(ChatClientTest, ItIsAChildOfWhatIsCurrentAndHandsTheTraceOn) {
  ServerReply reply;
  reply.body = kReply;
  server.always(reply);
  ChatConfig handing = config();
  handing.propagate = true;
  const ChatClient client(handing);
  const Observation parent = start_observation({.name = "parent"});
  {
    const auto scope = parent.activate();
    EXPECT_TRUE(client.complete(hello()));
  }
  EXPECT_EQ(recorded().parent_id, parent.id());
  EXPECT_EQ(server.requests().at(0).header("traceparent"),
            "00-" + parent.trace_id() + "-" + recorded().id + "-03");
}

TEST_F(ChatClientTest, MetricsFillThemselves) {
  ServerReply reply;
  reply.body = kReply;
  server.always(reply);
  Metrics metrics;
  const LlmMetrics llm({.registry = &metrics});
  const ChatClient client(config());
  EXPECT_TRUE(client.complete(hello()));
  const std::string text = metrics.prometheus_text();
  EXPECT_NE(
      text.find("llm_requests_total{gen_ai_operation_name=\"chat\",gen_ai_provider_name=\"openai\","
                "gen_ai_request_model=\"m\",outcome=\"success\"} 1\n"),
      std::string::npos);
}

TEST_F(ChatClientTest, FourThreadsShareOne) {
  ServerReply reply;
  reply.body = kReply;
  server.always(reply);
  const ChatClient client(config());
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 25; ++i) good += client.complete(hello()) ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(good, 100);
  EXPECT_EQ(memory.observations().size(), 100U);
}

std::size_t keep(char* data, std::size_t size, std::size_t count, void* user) {
  static_cast<std::string*>(user)->append(data, size * count);
  return size * count;
}

TEST_F(ChatClientTest, AnotherProgramsCurlHandleIsRecorded) {
  server.always(events(chunk("a") + kEnd));
  const std::string url = server.url() + "/v1/chat/completions";
  const std::string body = R"({"model":"m","messages":[],"stream":true})";
  std::string arrived;
  CURL* const curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
  {
    ObservedCurl call(curl, body, &keep, &arrived);
    EXPECT_EQ(call.perform(), CURLE_OK);
  }
  EXPECT_EQ(arrived, chunk("a") + kEnd);
  EXPECT_EQ(recorded().output, R"({"role":"assistant","content":"a"})");
  EXPECT_TRUE(recorded().completion_start_time);
  EXPECT_EQ(recorded().usage_details.find("total"), 12);
  { const ObservedCurl never(curl, body, nullptr, nullptr); }
  EXPECT_TRUE(recorded().status_message.starts_with("cancelled: "));
  curl_easy_cleanup(curl);
}

}  // namespace
}  // namespace llmtrace::openai::testing
