// Chats of providers' APIs as the conventions' messages.
#include <gtest/gtest.h>

#include "common/src/json_value.h"
#include "common/src/otlp_exporter/genai_messages.h"

namespace llmtrace::tests {
namespace {

std::string input_of(std::string_view json) {
  return messages_of(Json::from_text(std::string(json)), Direction::Input);
}

std::string parts_of(std::string_view message) {
  const auto messages = JsonValue::parse(input_of(message));
  EXPECT_TRUE(messages) << input_of(message);
  return messages->elements().at(0)["parts"].to_text();
}

TEST(GenAiMessages, KeepsRolesAndOrder) {
  EXPECT_EQ(input_of(R"([{"role":"system","content":"be brief"},{"role":"user","content":"hi"}])"),
            R"([{"role":"system","parts":[{"type":"text","content":"be brief"}]},)"
            R"({"role":"user","parts":[{"type":"text","content":"hi"}]}])");
  const char* const one = R"([{"role":"user","parts":[{"type":"text","content":"hi"}]}])";
  EXPECT_EQ(input_of(R"({"role":"user","content":"hi"})"), one);
  EXPECT_EQ(input_of(R"({"model":"m","messages":[{"role":"user","content":"hi"}]})"), one);
}

TEST(GenAiMessages, FindsWhatIsSaidApartFromTheMessages) {
  const auto instructions = [](const char* json) {
    return instructions_of(Json::from_text(std::string(json)));
  };
  EXPECT_EQ(instructions(R"({"system":"be brief","messages":[{"role":"user","content":"hi"}]})"),
            R"([{"type":"text","content":"be brief"}])");
  EXPECT_EQ(instructions(R"({"system":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})"),
            R"([{"type":"text","content":"a"},{"type":"text","content":"b"}])");
  EXPECT_EQ(instructions(R"({"instructions":"be kind","input":"hi"})"),
            R"([{"type":"text","content":"be kind"}])");
  EXPECT_EQ(instructions(R"({"messages":[{"role":"user","content":"hi"}]})"), "");
  EXPECT_EQ(instructions_of(Json("system")), "");
}

TEST(GenAiMessages, KeepsFunctionCallsSpokenTextAndErrorsOfTools) {
  EXPECT_EQ(parts_of(R"({"role":"assistant","content":null,)"
                     R"("function_call":{"name":"f","arguments":"{\"a\":1}"}})"),
            R"([{"type":"tool_call","name":"f","arguments":{"a":1}}])");
  EXPECT_EQ(
      parts_of(R"({"role":"assistant","content":null,"audio":{"id":"a","transcript":"hello"}})"),
      R"([{"type":"text","content":"hello"}])");
  EXPECT_EQ(
      parts_of(R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1",)"
               R"("content":"no such city","is_error":true}]})"),
      R"([{"type":"tool_call_response","id":"t1","response":"no such city","is_error":true}])");
}

TEST(GenAiMessages, SaysWhyAMessageEndedInTheConventionsWords) {
  const auto reason = [](const std::string& stated) {
    const auto messages = JsonValue::parse(
        messages_of(Json::from_text(R"({"role":"assistant","content":"x",)" + stated + "}"),
                    Direction::Output));
    return messages->elements().at(0)["finish_reason"].as_string();
  };
  EXPECT_EQ(reason(R"("stop_reason":"end_turn")"), "stop");
  EXPECT_EQ(reason(R"("stop_reason":"stop_sequence")"), "stop");
  EXPECT_EQ(reason(R"("stop_reason":"max_tokens")"), "length");
  EXPECT_EQ(reason(R"("stop_reason":"tool_use")"), "tool_call");
  EXPECT_EQ(reason(R"("stop_reason":"refusal")"), "content_filter");
  EXPECT_EQ(reason(R"("finish_reason":"tool_calls")"), "tool_call");
  EXPECT_EQ(reason(R"("finish_reason":"length")"), "length");
}

TEST(GenAiMessages, TakesAnyOtherValueAsOneText) {
  EXPECT_EQ(messages_of(Json("plain \"text\""), Direction::Input),
            R"([{"role":"user","parts":[{"type":"text","content":"plain \"text\""}]}])");
  EXPECT_EQ(messages_of(Json{{"question", "why?"}}, Direction::Input),
            R"([{"role":"user","parts":[{"type":"text","content":"{\"question\":\"why?\"}"}]}])");
  EXPECT_EQ(input_of("[1,2]"), R"([{"role":"user","parts":[{"type":"text","content":"[1,2]"}]}])");
  EXPECT_EQ(input_of("[]"), R"([{"role":"user","parts":[{"type":"text","content":"[]"}]}])");
}

TEST(GenAiMessages, ReadsToolCallsAndTheirResults) {
  EXPECT_EQ(parts_of(R"({"role":"assistant","content":null,"tool_calls":[{"id":"c1",)"
                     R"("type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]})"),
            R"([{"type":"tool_call","id":"c1","name":"f","arguments":{"a":1}}])");
  EXPECT_EQ(parts_of(R"({"role":"assistant","tool_calls":[{"id":"c1",)"
                     R"("function":{"name":"f","arguments":"no json"}}]})"),
            R"([{"type":"tool_call","id":"c1","name":"f","arguments":"no json"}])");
  EXPECT_EQ(parts_of(R"({"role":"tool","tool_call_id":"c1","content":"rainy"})"),
            R"([{"type":"tool_call_response","id":"c1","response":"rainy"}])");
  EXPECT_EQ(parts_of(R"({"role":"assistant","content":[)"
                     R"({"type":"tool_use","id":"t1","name":"f","input":{"a":1}}]})"),
            R"([{"type":"tool_call","id":"t1","name":"f","arguments":{"a":1}}])");
  EXPECT_EQ(parts_of(R"({"role":"user","content":[)"
                     R"({"type":"tool_result","tool_use_id":"t1","content":"rainy"}]})"),
            R"([{"type":"tool_call_response","id":"t1","response":"rainy"}])");
}

TEST(GenAiMessages, ReadsPartsOfEveryKind) {
  EXPECT_EQ(parts_of(R"({"role":"user","content":[{"type":"text","text":"a"},)"
                     R"({"type":"image_url","image_url":{"url":"https://x.test/i.png"}},)"
                     R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},)"
                     R"({"type":"input_audio","input_audio":{"data":"BBBB","format":"wav"}},)"
                     R"({"type":"image","source":{"type":"base64","media_type":"image/gif",)"
                     R"("data":"CCCC"}},{"type":"thinking","thinking":"hm"},"bare",)"
                     R"({"type":"file","file_id":"f1"},{"odd":1}]})"),
            R"([{"type":"text","content":"a"},)"
            R"({"type":"uri","modality":"image","uri":"https://x.test/i.png"},)"
            R"({"type":"blob","modality":"image","mime_type":"image/png","content":"AAAA"},)"
            R"({"type":"blob","modality":"audio","mime_type":"audio/wav","content":"BBBB"},)"
            R"({"type":"blob","modality":"image","mime_type":"image/gif","content":"CCCC"},)"
            R"({"type":"reasoning","content":"hm"},{"type":"text","content":"bare"},)"
            R"({"type":"file","file_id":"f1"},{"type":"text","content":"{\"odd\":1}"}])");
  EXPECT_EQ(parts_of(R"({"role":"assistant","content":"","refusal":"no",)"
                     R"("reasoning_content":"hm"})"),
            R"([{"type":"reasoning","content":"hm"},{"type":"text","content":"no"}])");
}

TEST(GenAiMessages, LeavesTheConventionsOwnFormAsItIs) {
  const std::string own =
      R"([{"role":"user","parts":[{"type":"text","content":"hi"},{"type":"custom","x":1}]}])";
  EXPECT_EQ(input_of(own), own);
}

TEST(GenAiMessages, GivesEveryOutputAFinishReason) {
  const Json two =
      Json::from_text(R"([{"role":"assistant","content":"a"},{"role":"assistant","content":"b"}])");
  EXPECT_EQ(messages_of(two, Direction::Output, {"tool_calls"}, "error"),
            R"([{"role":"assistant","parts":[{"type":"text","content":"a"}],)"
            R"("finish_reason":"tool_call"},)"
            R"({"role":"assistant","parts":[{"type":"text","content":"b"}],)"
            R"("finish_reason":"error"}])");
}

TEST(GenAiMessages, IsValidJsonWhateverComesIn) {
  std::string deep = R"({"role":"user","content":)";
  for (int i = 0; i < 200; ++i) deep += "[";
  for (int i = 0; i < 200; ++i) deep += "]";
  deep += "}";
  const std::string values[] = {deep,
                                R"({"role":1})",
                                R"([{"role":"user"}])",
                                R"([{"role":"user","content":{"a":null}}])",
                                R"([{"role":"user","content":[null,true,1.5]}])",
                                R"([{"role":"assistant","tool_calls":[{}]}])",
                                R"([{"role":"tool"}])",
                                R"([{"role":"user","content":"a"},{"no":"role"}])"};
  for (const std::string& value : values) {
    EXPECT_TRUE(JsonValue::is_valid(input_of(value))) << value << "\n" << input_of(value);
  }
}

}  // namespace
}  // namespace llmtrace::tests
