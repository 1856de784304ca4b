// What other clients sent and got, read into what an observation says.
#include <gtest/gtest.h>
#include <llmtrace/openai.h>

#include <string>
#include <vector>

#include "common/src/json_value.h"

namespace llmtrace::openai::testing {
namespace {

constexpr char kEndpoint[] = "https://api.openai.com/v1/chat/completions";

std::string text_of(const Json& json) { return json.is_absent() ? "" : json.to_text(); }

TEST(Recording, ARequestIsReadIntoAGeneration) {
  const ObservationParams params = generation_of(
      R"({"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}],"temperature":0.5,)"
      R"("tools":[{"type":"function"}],"max_tokens":10})",
      kEndpoint);
  EXPECT_EQ(params.name, "chat gpt-4o-mini");
  EXPECT_EQ(params.as_type, ObservationType::Generation);
  EXPECT_EQ(params.model, "gpt-4o-mini");
  EXPECT_EQ(params.provider, "openai");
  EXPECT_EQ(text_of(params.input), R"([{"role":"user","content":"hi"}])");
  EXPECT_EQ(text_of(params.model_parameters), R"({"temperature":0.5,"max_tokens":10})");
  EXPECT_EQ(text_of(params.metadata), R"({"tools":[{"type":"function"}]})");
}

TEST(Recording, MessagesAreValues) {
  const std::vector<Message> messages = {
      {.role = "user", .content = "caf\xC3\xA9 \"x\""},
      {.role = "assistant", .tool_calls = {{.id = "c1", .name = "look", .arguments = "{}"}}},
      {.role = "tool", .content = Json{{"found", 2}}, .tool_call_id = "c1"}};

  const Json value = messages;

  EXPECT_EQ(value.text(),
            "[{\"role\":\"user\",\"content\":\"caf\xC3\xA9 \\\"x\\\"\"},"
            R"({"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",)"
            R"("function":{"name":"look","arguments":"{}"}}]},)"
            R"({"role":"tool","content":{"found":2},"tool_call_id":"c1"}])");
}

TEST(Recording, AnEmbeddingIsOne) {
  const ObservationParams params = generation_of(R"({"model":"small","input":["a","b"]})",
                                                 "https://api.mistral.ai/v1/embeddings");
  EXPECT_EQ(params.as_type, ObservationType::Embedding);
  EXPECT_EQ(params.name, "embeddings small");
  EXPECT_EQ(params.provider, "mistral_ai");
  EXPECT_EQ(text_of(params.input), R"(["a","b"])");
}

TEST(Recording, WhatIsNoRequestIsAGenerationWithoutDetails) {
  for (const char* body : {"", "[]", "<html>", "{\"model\":5}", "{\"messages\":7}"}) {
    const ObservationParams params = generation_of(body, "");
    EXPECT_EQ(params.name, "chat") << body;
    EXPECT_EQ(params.model, "") << body;
  }
}

TEST(Recording, AReplyIsReadIntoOutputUsageAndCost) {
  const ObservationUpdate update = update_of(
      {.reply = R"({"id":"r1","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"message":)"
                R"({"role":"assistant","content":"yes"},"finish_reason":"stop"}],"usage":)"
                R"({"prompt_tokens":1000000,"completion_tokens":1000000,"prompt_tokens_details":)"
                R"({"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":250000}}})",
       .endpoint = kEndpoint});
  EXPECT_EQ(text_of(update.output), R"({"role":"assistant","content":"yes"})");
  EXPECT_EQ(update.usage_details.find("input"), 1'000'000);
  EXPECT_EQ(update.usage_details.find("output"), 750'000);
  EXPECT_EQ(update.usage_details.find("output_reasoning_tokens"), 250'000);
  EXPECT_EQ(update.usage_details.find("total"), 2'000'000);
  EXPECT_DOUBLE_EQ(update.cost_details.find("total").value_or(0), 0.75);
  EXPECT_EQ(
      text_of(update.metadata),
      R"({"response_id":"r1","response_model":"gpt-4o-mini-2024-07-18","finish_reasons":["stop"]})");
  EXPECT_FALSE(update.level);
}

TEST(Recording, WhatTheEndpointSaysOfTheCostWins) {
  const ObservationUpdate update = update_of(
      {.reply = R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":0.25}})",
       .endpoint = kEndpoint,
       .request_model = "gpt-4o"});
  EXPECT_EQ(update.cost_details.find("total"), 0.25);
  EXPECT_EQ(update.status_message, "invalid_reply: no choices in it");
}

TEST(Recording, AStreamMayBeginWithAnyField) {
  const std::string events =
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},"
      "\"finish_reason\":\"stop\"}]}\n\n";
  for (const char* begin : {"", "\xEF\xBB\xBF", "\r\n\n", "retry: 500\n", "id: 1\n",
                            "event: message\n", ": hello\n\n"}) {
    const ObservationUpdate update = update_of({.reply = begin + events});
    EXPECT_EQ(text_of(update.output), R"({"role":"assistant","content":"a"})") << begin;
    EXPECT_FALSE(update.level) << begin << update.status_message;
  }
}

TEST(Recording, WhatArrivedIsShownWhateverItWas) {
  EXPECT_EQ(text_of(update_of({.reply = "oh no", .http_status = 502}).output), "\"oh no\"");
  EXPECT_EQ(text_of(update_of({.reply = "<html>"}).output), "\"<html>\"");
  EXPECT_EQ(
      update_of({.reply = R"({"choices":[],"error":{"message":"over quota"}})"}).status_message,
      "invalid_reply: over quota");
  EXPECT_LE(
      update_of({.reply = std::string(1'000'000, 'x'), .http_status = 500}).output.text().size(),
      20'000U);
}

// Other clients ask for base64.
TEST(Recording, EmbeddingsInBase64AreNoFailure) {
  const ObservationUpdate update =
      update_of({.reply = R"({"data":[{"embedding":"AAAA"}],"usage":{"prompt_tokens":7}})"});
  EXPECT_FALSE(update.level);
  EXPECT_EQ(update.usage_details.find("input"), 7);
}

TEST(Recording, AStreamIsReadAsAWhole) {
  const ObservationUpdate update =
      update_of({.reply = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n"
                          "data: "
                          "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"},\"finish_"
                          "reason\":\"stop\"}]}\n\n"});
  EXPECT_EQ(text_of(update.output), R"({"role":"assistant","content":"ab"})");
  EXPECT_FALSE(update.level);
}

TEST(Recording, FailuresAreErrorsWithTheirType) {
  const auto failure = [](const Outcome& outcome) {
    const ObservationUpdate update = update_of(outcome);
    EXPECT_EQ(update.level, Level::Error);
    return update.status_message;
  };
  EXPECT_EQ(failure({.reply = R"({"error":{"message":"slow down"}})", .http_status = 429}),
            "http_429: slow down");
  EXPECT_EQ(failure({.reply = "bad\r\ngateway", .http_status = 502}), "http_502: bad  gateway");
  EXPECT_EQ(failure({.http_status = 0, .error = "timeout: 30 s"}), "timeout: 30 s");
  EXPECT_EQ(failure({.reply = "<html>"}), "invalid_reply: no choices in it");
  EXPECT_EQ(failure({.reply = ""}), "invalid_reply: it is empty");
  const ObservationUpdate cut = update_of(
      {.reply =
           "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half\"}}]}\n\ndata: {\"cho"});
  EXPECT_TRUE(cut.status_message.starts_with("stream_cut: "));
  EXPECT_EQ(text_of(cut.output), R"({"role":"assistant","content":"half"})") << "what arrived";
}

TEST(Recording, DeepAndLargeRepliesAreNoDanger) {
  const std::string deep(500'000, '[');
  EXPECT_EQ(update_of({.reply = deep}).level, Level::Error);
  EXPECT_EQ(generation_of(deep, "").name, "chat");
  const std::string error(1'000'000, 'x');
  EXPECT_LT(update_of({.reply = error, .http_status = 500}).status_message.size(), 400U);
}

}  // namespace
}  // namespace llmtrace::openai::testing
