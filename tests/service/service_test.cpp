// The service end to end: what a client gets, and the trace, the metrics and the log of it.
#include <string>

#include "tests/service/service_fixture.h"
#include "tests/support/loopback_connection.h"

namespace service::testing {
namespace {

using ::llmtrace::collector::testing::send_raw;

constexpr char kQuestion[] = R"({"prompt":"What is a span?"})";

// The texts of all events of a stream, put together.
std::string streamed_text(const std::string& body) {
  std::string text;
  std::size_t begin = 0;
  while ((begin = body.find("data: {", begin)) != std::string::npos) {
    const std::size_t end = body.find("\n\n", begin);
    const auto event = JsonValue::parse(body.substr(begin + 6, end - begin - 6));
    EXPECT_TRUE(event) << body.substr(begin, end - begin);
    if (event && !(*event)["choices"].elements().empty()) {
      text += (*event)["choices"].elements()[0]["delta"]["content"].as_string();
    }
    begin = end;
  }
  return text;
}

TEST_F(ServiceTest, ACompletionIsAnsweredTracedAndLoggedUnderTheSameIds) {
  start();
  const Reply reply = complete(kQuestion, {"X-Request-Id: order-17"});
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_NE(reply.headers.find("X-Request-Id: order-17\r\n"), std::string::npos);
  const JsonValue answer = reply.json();
  EXPECT_EQ(answer["id"].as_string(), "order-17");
  EXPECT_NE(answer["text"].as_string().find("stand-in"), std::string::npos) << "it says so";
  EXPECT_NE(answer["text"].as_string().find("What is a span?"), std::string::npos);
  EXPECT_EQ(answer["model"].as_string(), "stand-in");
  EXPECT_GT(answer["usage"]["prompt_tokens"].as_integer(), 0);
  EXPECT_GT(answer["cost_usd"].as_double(), 0);
  EXPECT_GT(answer["latency_ms"].as_double(), 0);
  const std::string trace_id = answer["trace_id"].as_string();
  ASSERT_EQ(trace_id.size(), 32U);
  end();

  const JsonValue line = log_line("request_id", "order-17");
  EXPECT_EQ(line["trace_id"].as_string(), trace_id);
  EXPECT_EQ(line["status"].as_integer(), 200);
  EXPECT_EQ(line["level"].as_string(), "info");
  EXPECT_GT(line["duration_ms"].as_double(), 0);
  const JsonValue span = observation(trace_id, "POST /complete");
  EXPECT_EQ(span["id"].as_string(), line["span_id"].as_string());
  EXPECT_EQ(span["metadata"]["request_id"].as_string(), "order-17");
  EXPECT_EQ(span["input"].as_string(), "What is a span?");
  EXPECT_EQ(span["output"].as_string(), answer["text"].as_string());
  const JsonValue generation = observation(trace_id, "chat stand-in");
  EXPECT_EQ(generation["parentObservationId"].as_string(), span["id"].as_string());
  EXPECT_EQ(generation["type"].as_string(), "GENERATION");
  EXPECT_EQ(generation["usageDetails"]["input"].as_integer(),
            answer["usage"]["prompt_tokens"].as_integer());
  EXPECT_EQ(generation["usageDetails"]["output"].as_integer(),
            answer["usage"]["completion_tokens"].as_integer());
}

TEST_F(ServiceTest, CannotBeginWithWrongOptionsOrVariables) {
  start();
  const std::string port_in_use = service_->url().substr(service_->url().rfind(':') + 1);
  const Variables model{{"OPENAI_BASE_URL", model_->url()}, {"OPENAI_MODEL", "stand-in"}};
  const auto status_of = [](std::vector<std::string> options, const Variables& variables) {
    options.insert(options.begin(), SERVICE_PROGRAM);
    return ChildProgram(options, variables, false).wait(std::chrono::seconds(30));
  };

  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{"--port", port_in_use},
                                             {"--port", "99999"},
                                             {"--port", "x"},
                                             {"--connections", "0"},
                                             {"--body-limit", "0"},
                                             {"--drain-ms", "0"},
                                             {"--observability", "maybe"},
                                             {"--log", "/dev/null/log.jsonl"}}) {
    EXPECT_EQ(status_of(options, model), 2) << options[0] << ' ' << options[1];
  }
  EXPECT_EQ(status_of({}, {}), 2) << "no model";
  EXPECT_EQ(status_of({}, {{"OPENAI_BASE_URL", "junk"}, {"OPENAI_MODEL", "m"}}), 2);
  EXPECT_EQ(status_of({}, {{"OPENAI_BASE_URL", model_->url()}}), 2) << "which model?";
}

TEST_F(ServiceTest, TheTraceOfTheClientIsContinued) {
  start();
  const std::string trace_id = "0af7651916cd43dd8448eb211c80319c";
  const Reply reply = complete(kQuestion, {"traceparent: 00-" + trace_id + "-b7ad6b7169203331-01"});
  EXPECT_EQ(reply.json()["trace_id"].as_string(), trace_id);
  end();
  const JsonValue span = observation(trace_id, "POST /complete");
  EXPECT_EQ(span["parentObservationId"].as_string(), "b7ad6b7169203331");
  EXPECT_EQ(log_line("trace_id", trace_id)["span_id"].as_string(), span["id"].as_string());
}

TEST_F(ServiceTest, AStreamSaysTheSameAsAnAnswerAtOnce) {
  start();
  const Reply whole = complete(kQuestion);
  const Reply stream = complete(R"({"prompt":"What is a span?","stream":true})");
  ASSERT_EQ(stream.status, 200);
  EXPECT_EQ(stream.content_type, "text/event-stream");
  EXPECT_TRUE(stream.body.ends_with("data: [DONE]\n\n")) << stream.body;
  EXPECT_EQ(streamed_text(stream.body), whole.json()["text"].as_string());
  EXPECT_NE(stream.body.find(R"("usage":{"prompt_tokens":)"), std::string::npos);
  end();

  const std::size_t field = stream.body.find(R"("trace_id":")") + 12;
  const std::string trace_id = stream.body.substr(field, 32);
  const JsonValue generation = observation(trace_id, "chat stand-in");
  EXPECT_FALSE(generation["completionStartTime"].is_null());
  EXPECT_EQ(observation(trace_id, "POST /complete")["output"].as_string(),
            whole.json()["text"].as_string());
  EXPECT_EQ(log_line("trace_id", trace_id)["status"].as_integer(), 200);
}

TEST_F(ServiceTest, AConversationAndItsParametersReachTheModel) {
  start();
  const Reply reply = complete(
      R"({"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text",)"
      R"("text":"Hello"}]}],"model":"other","temperature":0.5,"max_tokens":3})");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.json()["model"].as_string(), "other");
  EXPECT_LE(reply.json()["usage"]["completion_tokens"].as_integer(), 3);
  end();
  const JsonValue generation = observation(reply.json()["trace_id"].as_string(), "chat other");
  EXPECT_EQ(generation["modelParameters"]["temperature"].as_double(), 0.5);
  EXPECT_EQ(generation["modelParameters"]["max_tokens"].as_integer(), 3);
}

TEST_F(ServiceTest, ABadBodyIsRefusedWithAReason) {
  start();
  const std::pair<std::string, std::string> cases[] = {
      {"", "not JSON"},
      {R"({"prompt":)", "not JSON"},
      {R"({"prompt":"a"} x)", "not JSON"},
      {"{\"prompt\":\"\xff\"}", "not JSON"},
      {std::string(100'000, '['), "nested"},
      {"[]", "must be a JSON object"},
      {"{}", "either \\\"prompt\\\" or \\\"messages\\\""},
      {R"({"prompt":"a","messages":[]})", "either \\\"prompt\\\" or \\\"messages\\\""},
      {R"({"prompt":1})", "must be a string"},
      {R"({"messages":[]})", "array of messages"},
      {R"({"messages":[1]})", "role"},
      {R"({"messages":[{"role":"user"}]})", "content"},
      {R"({"prompt":"a","max_tokens":0})", "max_tokens"},
      {R"({"prompt":"a","max_tokens":1.5})", "max_tokens"},
      {R"({"prompt":"a","temperature":"hot"})", "temperature"},
      {R"({"prompt":"a","model":7})", "model"},
      {R"({"prompt":"a","stream":1})", "stream"},
  };
  for (const auto& [body, reason] : cases) {
    const Reply reply = complete(body);
    EXPECT_EQ(reply.status, 400) << body.substr(0, 100);
    EXPECT_NE(reply.body.find(reason), std::string::npos) << reply.body;
  }
  EXPECT_EQ(complete(kQuestion).status, 200) << "it goes on";
  end();
  EXPECT_EQ(log_line("level", "warning")["status"].as_integer(), 400);
}

TEST_F(ServiceTest, WhatIsNotThereIsRefused) {
  start();
  const Reply wrong_method = get("/complete");
  EXPECT_EQ(wrong_method.status, 405);
  EXPECT_NE(wrong_method.headers.find("Allow: POST\r\n"), std::string::npos);
  const HttpClient client(service_->url());
  EXPECT_EQ(client.send({.method = "DELETE", .path = "/metrics", .keys = ""}).status, 405);
  EXPECT_EQ(get("/").status, 404);
  EXPECT_EQ(get("/complete/").status, 404);
  const Reply large = complete("{\"prompt\":\"" + std::string(std::size_t{2} << 20, 'x') + "\"}");
  EXPECT_EQ(large.status, 413);
  EXPECT_NE(large.body.find("larger than 1048576 bytes"), std::string::npos);
  const auto port =
      static_cast<std::uint16_t>(std::stoi(service_->url().substr(service_->url().rfind(':') + 1)));
  EXPECT_TRUE(send_raw(port, "no HTTP at all\r\n\r\n").starts_with("HTTP/1.")) << "an answer";
  EXPECT_EQ(send_raw(port,
                     "POST /complete HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                     "Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n")
                .substr(0, 12),
            "HTTP/1.1 413");
  EXPECT_EQ(complete(kQuestion).status, 200) << "it goes on";
  end();
}

TEST_F(ServiceTest, ARequestIdThatIsNoTokenIsReplaced) {
  start();
  for (const std::string& id :
       {std::string("two words"), std::string("a\"b"), std::string(200, 'a')}) {
    const std::string given = complete(kQuestion, {"X-Request-Id: " + id}).json()["id"].as_string();
    EXPECT_EQ(given.size(), 32U) << given;
  }
  end();
}

TEST_F(ServiceTest, HealthAndMetricsTellTheSame) {
  start({"--error-rate", "0.5"}, {"--model-retries", "0"});
  for (int i = 0; i < 10; ++i) complete(kQuestion);
  const JsonValue health = get("/health").json();
  EXPECT_EQ(health["status"].as_string(), "ok");
  EXPECT_EQ(health["requests_total"].as_integer(), 10);
  EXPECT_EQ(health["error_rate"].as_double(), 0.5);
  EXPECT_GT(health["avg_latency_ms"].as_double(), 0);
  EXPECT_EQ(health["delivery"].elements().at(0)["destination"].as_string(), "langfuse");
  EXPECT_EQ(health["delivery"].elements().at(0)["state"].as_string(), "ok");

  const Reply text = get("/metrics");
  EXPECT_EQ(text.content_type, "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line : {R"(service_requests_total{route="/complete",status="200"} 5)",
                           R"(service_requests_total{route="/complete",status="502"} 5)",
                           R"(outcome="error"} 5)", R"(error_type="http_500"} 5)"}) {
    EXPECT_NE(text.body.find(line), std::string::npos) << line;
  }
  const JsonValue dashboard = get("/metrics", {"Accept: text/html, Application/JSON"}).json();
  EXPECT_EQ(dashboard["requests"].as_integer(), 10);
  EXPECT_EQ(dashboard["error_rate"].as_double(), 0.5);
  EXPECT_TRUE(dashboard["metrics"]["service_requests_total"].is_array());
  end();
}

TEST_F(ServiceTest, AClientThatGoesIsNoFailureOfTheService) {
  start({"--token-delay-ms", "20"});
  {
    const std::string body = R"({"prompt":"one two three","stream":true})";
    const std::string port = service_->url().substr(service_->url().rfind(':') + 1);
    const llmtrace::tests::LoopbackConnection client(static_cast<std::uint16_t>(std::stoi(port)));
    client.send("POST /complete HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
    ASSERT_TRUE(client.receive()) << "it has begun";
  }
  end();

  const JsonValue line = log_line("path", "/complete");
  EXPECT_EQ(line["status"].as_integer(), 499);
  EXPECT_EQ(line["level"].as_string(), "warning");
  const std::string trace_id = line["trace_id"].as_string();
  EXPECT_EQ(observation(trace_id, "POST /complete")["level"].as_string(), "WARNING");
  EXPECT_NE(observation(trace_id, "chat stand-in")["statusMessage"].as_string().find("cancelled"),
            std::string::npos);
}

TEST_F(ServiceTest, WithObservabilityOffItAnswersAndWatchesNothing) {
  start({}, {"--observability", "off"});
  const Reply reply = complete(kQuestion);
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.json()["trace_id"].is_null());
  EXPECT_EQ(get("/metrics").status, 404);
  EXPECT_EQ(get("/health").json()["observability"].as_string(), "off");
  end();
  EXPECT_TRUE(log().empty());
}

TEST_F(ServiceTest, WithoutAModelItSaysWhatToSet) {
  ChildProgram service({SERVICE_PROGRAM}, {}, false);
  EXPECT_EQ(service.wait(std::chrono::seconds(10)), 2);
}

}  // namespace
}  // namespace service::testing
