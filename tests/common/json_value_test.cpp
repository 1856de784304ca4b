#include "common/src/json_value.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <string>

#include "common/src/json_text.h"
#include "tests/common/strict_json.h"

namespace {

using llmtrace::JsonObjectReader;
using llmtrace::JsonValue;
using llmtrace_tests::is_strict_json;

TEST(JsonValue, ReadsEveryKindOfValue) {
  const auto value = JsonValue::parse(
      R"({"null":null,"yes":true,"int":-5,"big":18446744073709551615,"real":1.5,"text":"a\u00e9",)"
      R"("list":[1,[]],"object":{"a":1}})");

  ASSERT_TRUE(value.has_value());
  EXPECT_TRUE((*value)["null"].is_null());
  EXPECT_TRUE((*value)["yes"].as_bool());
  EXPECT_EQ((*value)["int"].as_integer(), -5);
  EXPECT_EQ((*value)["big"].type(), JsonValue::Type::Unsigned);
  EXPECT_EQ((*value)["big"].as_double(), 18446744073709551615.0);
  EXPECT_EQ((*value)["real"].as_double(), 1.5);
  EXPECT_EQ((*value)["text"].as_string(), "a\xC3\xA9");
  EXPECT_EQ((*value)["list"].elements().size(), 2U);
  EXPECT_EQ((*value)["object"]["a"].as_integer(), 1);
}

TEST(JsonValue, GivesEmptyValuesForOtherTypesAndMissingMembers) {
  const auto value = JsonValue::parse(R"({"text":"5"})");

  ASSERT_TRUE(value.has_value());
  EXPECT_EQ((*value)["text"].as_integer(), 0);
  EXPECT_FALSE((*value)["text"].as_bool());
  EXPECT_TRUE((*value)["missing"]["deeper"].is_null());
  EXPECT_EQ((*value)["missing"].as_string(), "");
  EXPECT_EQ(value->find("missing"), nullptr);
  EXPECT_TRUE((*value)["text"].elements().empty());
}

TEST(JsonValue, TheLastOfRepeatedKeysWins) {
  EXPECT_EQ((*JsonValue::parse(R"({"a":1,"a":2})"))["a"].as_integer(), 2);
}

TEST(JsonValue, ReadsBigNumbersWithoutOverflow) {
  const auto integer_of = [](const char* text) { return JsonValue::parse(text)->as_integer(); };

  EXPECT_EQ(integer_of("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(integer_of("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_TRUE(JsonValue::parse("9223372036854775807")->is_integer());
  EXPECT_FALSE(JsonValue::parse("9223372036854775808")->is_integer());
  EXPECT_EQ(JsonValue::parse("99999999999999999999")->type(), JsonValue::Type::Double);
  EXPECT_EQ(integer_of("1e300"), 0);
  EXPECT_EQ(integer_of("-1e300"), 0);
  EXPECT_EQ(integer_of("2.9"), 2);
  EXPECT_FALSE(JsonValue::parse("1e999").has_value());
}

TEST(JsonValue, RefusesGarbage) {
  for (const char* garbage :
       {"", " ", "{", "[1,]", "{\"a\":1,}", "nul", "NaN", "1 2", "'a'", "\"\xFF\"",
        "\"\xED\xA0\x80\"", "{\"a\" 1}", "[1}", "\"a", "// c\n1"}) {
    EXPECT_FALSE(JsonValue::parse(garbage).has_value()) << garbage;
    EXPECT_FALSE(JsonValue::is_valid(garbage)) << garbage;
  }
}

TEST(JsonValue, RefusesDepthBombsWithoutUsingTheStack) {
  const std::string arrays(5'000'000, '[');
  std::string objects;
  for (int i = 0; i < 500'000; ++i) objects += "{\"a\":";

  EXPECT_FALSE(JsonValue::parse(arrays).has_value());
  EXPECT_FALSE(JsonValue::parse(objects).has_value());
  EXPECT_FALSE(JsonValue::is_valid(arrays));
  EXPECT_FALSE(JsonValue::is_valid(objects));
}

TEST(JsonValue, CountsDepthAsItSays) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };

  EXPECT_TRUE(JsonValue::parse(nested(64)).has_value());
  EXPECT_FALSE(JsonValue::parse(nested(65)).has_value());
  EXPECT_TRUE(JsonValue::is_valid(nested(64)));
  EXPECT_FALSE(JsonValue::is_valid(nested(65)));
  EXPECT_TRUE(JsonValue::parse(nested(3), 3).has_value());
  EXPECT_FALSE(JsonValue::parse(nested(4), 3).has_value());
  EXPECT_TRUE(JsonValue::is_valid("[" + nested(63) + "," + nested(63) + "]"));
}

TEST(JsonValue, BoundsTheNumberOfValuesByTheText) {
  // The values of the array and the array itself.
  const auto array_of = [](std::size_t count, const std::string& value) {
    std::string text = "[";
    for (std::size_t i = 2; i < count; ++i) text += value + ",";
    return text + value + "]";
  };

  constexpr std::size_t kMost = JsonValue::kMaxNodes;
  EXPECT_TRUE(JsonValue::parse(array_of(kMost, "0")).has_value());
  EXPECT_FALSE(JsonValue::parse(array_of(kMost + 1, "0")).has_value());
  EXPECT_FALSE(JsonValue::parse(array_of(2 * kMost, "0")).has_value()) << "a reply of 1 MiB";
  EXPECT_TRUE(JsonValue::parse(array_of(kMost + kMost / 4, "1234")).has_value()) << "longer";
  EXPECT_TRUE(JsonValue::is_valid(array_of(2 * kMost, "0"))) << "builds nothing";
}

TEST(JsonValue, ANulDoesNotEndTheText) {
  using std::string_literals::operator""s;
  for (const std::string& text :
       {"1\0"s, "{}\0 garbage"s, "[1,\0]"s, "\"a\0b\""s, "\0"s, "\0{}"s}) {
    EXPECT_FALSE(JsonValue::is_valid(text)) << text;
    EXPECT_FALSE(JsonValue::parse(text).has_value()) << text;
  }
  EXPECT_TRUE(JsonValue::is_valid(R"("\u0000")"));
}

TEST(JsonValue, WritesBackWhatItRead) {
  const std::string text =
      R"({"a":[1,-2,1.5,18446744073709551615,"x\"y",null,true,false],"e":{},"f":[]})";

  EXPECT_EQ(JsonValue::parse(text)->to_text(), text);
}

RC_GTEST_PROP(JsonValue, AgreesWithAnIndependentValidator, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("{}[]\",:\\ub01-. etrufalsn\xC3\xA9\xFF")));

  const auto parsed = JsonValue::parse(text);

  RC_ASSERT(parsed.has_value() == llmtrace_tests::rapidjson_accepts(text));
  RC_ASSERT(parsed.has_value() == JsonValue::is_valid(text));
  if (parsed) RC_ASSERT(is_strict_json(parsed->to_text()));
}

TEST(JsonObjectReader, GivesKeysUnescapedAndValuesAsTheyStand) {
  JsonObjectReader reader(R"( { "a\n" : [1, {"x": "]}"}] , "b":"t\"u" ,"c": -1.5e3 } )");
  std::string key;
  std::string_view value;

  ASSERT_TRUE(reader.next(key, value));
  EXPECT_EQ(key, "a\n");
  EXPECT_EQ(value, R"([1, {"x": "]}"}])");
  ASSERT_TRUE(reader.next(key, value));
  EXPECT_EQ(key, "b");
  EXPECT_EQ(value, R"("t\"u")");
  ASSERT_TRUE(reader.next(key, value));
  EXPECT_EQ(key, "c");
  EXPECT_EQ(value, "-1.5e3");
  EXPECT_FALSE(reader.next(key, value));
}

TEST(JsonObjectReader, FindsNothingInWhatIsNoObject) {
  std::string key;
  std::string_view value;

  for (const char* text : {"", "null", "[1]", "\"{\"", "{}", "  { } "}) {
    JsonObjectReader reader(text);
    EXPECT_FALSE(reader.next(key, value)) << text;
  }
}

TEST(UnescapeJsonString, UndoesEveryEscape) {
  EXPECT_EQ(llmtrace::unescape_json_string("\"plain\""), "plain");
  EXPECT_EQ(llmtrace::unescape_json_string(R"("\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00")"),
            "\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(llmtrace::unescape_json_string("\"\""), "");
}

RC_GTEST_PROP(UnescapeJsonString, InvertsTheWriter, ()) {
  std::string text;
  for (const auto code : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 0x80))) {
    text.push_back(static_cast<char>(code));
  }
  std::string literal;
  llmtrace::append_json_string(literal, text);

  RC_ASSERT(llmtrace::unescape_json_string(literal) == text);
  RC_ASSERT(llmtrace::json_value_length(literal + ",rest") == literal.size());
}

}  // namespace
