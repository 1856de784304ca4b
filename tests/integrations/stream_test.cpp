// Streams, cut anywhere: server-sent events and the chunks in them.
#include <gtest/gtest.h>
#include <llmtrace/openai.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "integrations/openai/src/sse_parser.h"

namespace llmtrace::openai::testing {
namespace {

std::vector<std::string> events_of(const std::vector<std::string_view>& pieces) {
  SseParser parser(1 << 20);
  std::vector<std::string> events;
  for (const std::string_view piece : pieces) {
    parser.feed(piece, [&](std::string_view data) { events.emplace_back(data); });
  }
  return events;
}

TEST(Sse, ReadsWhatTheStandardSays) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"data: a\n\n", {"a"}},
      {"data:a\r\n\r\ndata:b\r\r", {"a", "b"}},
      {"data: a\ndata: b\n\n", {"a\nb"}},
      {": comment\n\ndata\n\n", {""}},
      {"\xEF\xBB\xBF"
       "data: bom\n\n",
       {"bom"}},
      {"event: x\nid: 1\nretry: 5\ndata:  two spaces\n\n", {" two spaces"}},
      {"database: x\n\n", {}},
      {"data: no end\n", {}},
      {"\n\n\n", {}},
  };
  for (const auto& [text, events] : cases) EXPECT_EQ(events_of({text}), events) << text;
}

TEST(Sse, AnEndlessEventIsCutOff) {
  SseParser parser(100);
  std::size_t events = 0;
  for (int i = 0; i < 1'000; ++i)
    parser.feed("data: xxxxxxxxxx", [&](std::string_view) { ++events; });
  EXPECT_TRUE(parser.has_overflowed());
  EXPECT_EQ(events, 0U);
}

constexpr char kStream[] =
    ": keep-alive\n\n"
    R"(data: {"id":"c1","model":"m-2024","choices":[{"index":0,"delta":{"role":"assistant"}}]})"
    "\r\n\r\n"
    R"(data: {"choices":[{"index":0,"delta":{"content":"Gr)"
    "\xC3\xBC"
    R"("}}]})"
    "\n\n"
    R"(data: {"choices":[{"index":0,"delta":{"content":"\u00dfe"}}]})"
    "\n\n"
    R"(data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t1","function":{"name":"look_up","arguments":"{\"q\""}}]}}]})"
    "\n\n"
    R"(data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]},"finish_reason":"tool_calls"}]})"
    "\n\n"
    R"(data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}})"
    "\n\ndata: [DONE]\n\n";

void expect_all_of_it(const StreamReader& reader, const std::string& text) {
  const ChatCompletion completion = reader.completion();
  EXPECT_EQ(reader.error(), "");
  EXPECT_TRUE(reader.is_complete());
  EXPECT_EQ(text,
            "Gr\xC3\xBC\xC3\x9F"
            "e");
  EXPECT_EQ(completion.text(), text);
  EXPECT_EQ(completion.id, "c1");
  EXPECT_EQ(completion.model, "m-2024");
  ASSERT_EQ(completion.tool_calls().size(), 1U);
  EXPECT_EQ(completion.tool_calls()[0].name, "look_up");
  EXPECT_EQ(completion.tool_calls()[0].arguments, "{\"q\":1}");
  EXPECT_EQ(completion.finish_reason(), "tool_calls");
  ASSERT_TRUE(completion.usage);
  EXPECT_EQ(completion.usage->cached_tokens, 3);
}

TEST(Stream, IsTheSameHoweverItIsCutInTwo) {
  const std::string_view whole = kStream;
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    StreamReader reader;
    std::string text = reader.feed(whole.substr(0, cut));
    text += reader.feed(whole.substr(cut));
    expect_all_of_it(reader, text);
  }
}

RC_GTEST_PROP(Stream, IsTheSameInPiecesOfAnySize, ()) {
  const auto sizes =
      *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 40));
  std::string_view rest = kStream;
  StreamReader reader;
  std::string text;
  for (const std::size_t size : sizes) {
    text += reader.feed(rest.substr(0, size));
    rest.remove_prefix(std::min(size, rest.size()));
  }
  text += reader.feed(rest);
  expect_all_of_it(reader, text);
}

TEST(Stream, ThatEndsEarlyIsNotComplete) {
  const std::string_view whole = kStream;
  StreamReader reader;
  reader.feed(whole.substr(0, whole.find("tool_calls")));
  EXPECT_TRUE(reader.has_begun());
  EXPECT_FALSE(reader.is_complete());
  EXPECT_EQ(reader.completion().text(),
            "Gr\xC3\xBC\xC3\x9F"
            "e");
}

TEST(Stream, GarbageAndErrorsAreNamed) {
  StreamReader garbage;
  garbage.feed("data: <html>\n\n");
  EXPECT_TRUE(garbage.error().starts_with("invalid_reply: "));
  StreamReader failed;
  failed.feed("data: {\"error\":{\"message\":\"overloaded\"}}\n\n");
  EXPECT_EQ(failed.error(), "upstream_error: overloaded");
  StreamReader endless(1'000);
  for (int i = 0; i < 100; ++i) endless.feed("data: {\"choices\":[]}\n\n");
  EXPECT_TRUE(endless.error().starts_with("too_large: "));
}

TEST(Stream, AHostileIndexMakesNothingLarge) {
  StreamReader reader;
  reader.feed(R"(data: {"choices":[{"index":4000000000,"delta":{"content":"x"}},)"
              R"({"index":-1,"delta":{"content":"y","tool_calls":[{"index":99999999}]}}]})"
              "\n\n");
  EXPECT_LE(reader.completion().choices.size(), 1U);
  EXPECT_TRUE(reader.completion().tool_calls().empty());
}

}  // namespace
}  // namespace llmtrace::openai::testing
