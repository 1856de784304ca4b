#include <gtest/gtest.h>
#include <llmtrace/json_writer.h>
#include <rapidcheck/gtest.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "tests/common/strict_json.h"

namespace {

using llmtrace::JsonWriter;
using llmtrace_tests::is_strict_json;
using llmtrace_tests::StrictJson;

template <class Write>
std::string written(Write write) {
  std::string text;
  JsonWriter writer(text);
  write(writer);
  return text;
}

TEST(StrictJsonValidator, TellsValidFromInvalid) {
  for (const char* valid :
       {"null", " [1, -2.5e+3, \"a\\u00e9\\n\"] ", "{\"a\":{\"b\":[]}}", "\"\xC3\xA9\""}) {
    EXPECT_TRUE(StrictJson::accepts(valid)) << valid;
  }
  for (const char* invalid : {"", "nul", "[1,]", "{\"a\"}", "{1:2}", "\"\xC0\xAF\"",
                              "\"\xED\xA0\x80\"", "\"\x01\"", "01", "1 2", "\"\\x\"", "[}"}) {
    EXPECT_FALSE(StrictJson::accepts(invalid)) << invalid;
  }
}

TEST(JsonWriter, WritesScalars) {
  EXPECT_EQ(written([](JsonWriter& w) { w.null(); }), "null");
  EXPECT_EQ(written([](JsonWriter& w) { w.boolean(true); }), "true");
  EXPECT_EQ(written([](JsonWriter& w) { w.integer(std::numeric_limits<std::int64_t>::min()); }),
            "-9223372036854775808");
  EXPECT_EQ(
      written([](JsonWriter& w) { w.unsigned_integer(std::numeric_limits<std::uint64_t>::max()); }),
      "18446744073709551615");
  EXPECT_EQ(written([](JsonWriter& w) { w.number(0.1); }), "0.1");
}

TEST(JsonWriter, WritesNonFiniteNumbersAsNull) {
  for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    EXPECT_EQ(written([&](JsonWriter& w) { w.number(value); }), "null");
  }
}

TEST(JsonWriter, SeparatesElementsAndMembers) {
  const std::string text = written([](JsonWriter& w) {
    w.begin_object();
    w.key("a");
    w.begin_array();
    w.integer(1);
    w.begin_array();
    w.end_array();
    w.integer(2);
    w.end_array();
    w.key("b");
    w.begin_object();
    w.end_object();
    w.end_object();
  });

  EXPECT_EQ(text, R"({"a":[1,[],2],"b":{}})");
}

TEST(JsonWriter, WritesAnObjectFromFields) {
  const std::string id = "d1";

  const std::string text = written([&](JsonWriter& w) {
    w.object({{"id", id}, {"score", 0.5}, {"tags", std::vector<int>{1, 2}}});
  });

  EXPECT_EQ(text, R"({"id":"d1","score":0.5,"tags":[1,2]})");
}

TEST(JsonWriter, EscapesWhatJsonRequires) {
  const std::string all_below_space = [] {
    std::string text;
    for (char c = 0; c < 0x20; ++c) text.push_back(c);
    return text;
  }();

  const std::string text =
      written([&](JsonWriter& w) { w.string("\"\\/" + all_below_space + "\x7F\xC3\xA9"); });

  EXPECT_EQ(
      text,
      "\"\\\"\\\\/\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r"
      "\\u000e\\u000f\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019"
      "\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f\x7F\xC3\xA9\"");
}

TEST(JsonWriter, RepairsInvalidUtf8) {
  const auto string = [](std::string_view text) {
    return written([&](JsonWriter& w) { w.string(text); });
  };

  EXPECT_EQ(string("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(string("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(string("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(string("\xF0\x9F\x98\x80"), "\"\xF0\x9F\x98\x80\"");
}

RC_GTEST_PROP(JsonWriter, TurnsAnyBytesIntoStrictJson, ()) {
  const auto bytes = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());

  const std::string text = written([&](JsonWriter& w) {
    w.begin_object();
    w.key(bytes);
    w.string(bytes);
    w.end_object();
  });

  RC_ASSERT(is_strict_json(text));
}

// Long runs of text around a special byte: the vectorised scan meets it at every offset.
RC_GTEST_PROP(JsonWriter, FindsSpecialBytesAtEveryOffset, ()) {
  const auto before = *rc::gen::inRange<std::size_t>(0, 70);
  const auto after = *rc::gen::inRange<std::size_t>(0, 70);
  const auto special = *rc::gen::arbitrary<char>();
  const std::string plain = std::string(before, 'x') + special + std::string(after, 'y');

  const std::string text = written([&](JsonWriter& w) { w.string(plain); });

  RC_ASSERT(is_strict_json(text));
  RC_ASSERT(text.substr(1, before) == std::string(before, 'x'));
  RC_ASSERT(text.substr(text.size() - 1 - after, after) == std::string(after, 'y'));
}

RC_GTEST_PROP(JsonWriter, NumbersReadBackAsTheSameDouble, (std::uint64_t bits)) {
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  RC_PRE(std::isfinite(value));

  const std::string text = written([&](JsonWriter& w) { w.number(value); });

  double again = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), again);
  RC_ASSERT(result.ptr == text.data() + text.size());
  RC_ASSERT(again == value);
  RC_ASSERT(is_strict_json(text));
}

TEST(JsonWriter, ReplacesWhatIsNestedTooDeepByAMark) {
  const auto nested = [](int depth) {
    return written([&](JsonWriter& w) {
      for (int i = 0; i < depth; ++i) w.begin_array();
      w.integer(7);
      for (int i = 0; i < depth; ++i) w.end_array();
    });
  };

  EXPECT_EQ(nested(64), std::string(64, '[') + "7" + std::string(64, ']'));
  EXPECT_EQ(nested(65), std::string(64, '[') + "\"<nested too deep>\"" + std::string(64, ']'));
  EXPECT_EQ(nested(500), nested(65));
}

TEST(JsonWriter, GoesOnAfterAValueThatWasTooDeep) {
  const std::string text = written([](JsonWriter& w) {
    for (int i = 0; i < 70; ++i) {
      w.begin_object();
      w.key("k");
    }
    w.integer(1);
    for (int i = 0; i < 6; ++i) w.end_object();
    w.key("next");
    w.integer(2);
    for (int i = 0; i < 64; ++i) w.end_object();
  });

  EXPECT_TRUE(is_strict_json(text)) << text;
  EXPECT_NE(text.find(R"({"k":"<nested too deep>","next":2})"), std::string::npos) << text;
}

TEST(JsonWriter, RewindForgetsAHalfWrittenValue) {
  std::string text;
  JsonWriter writer(text);
  writer.begin_object();
  writer.key("a");
  const JsonWriter::Position position = writer.position();
  writer.begin_array();
  writer.begin_object();
  writer.key("half");

  writer.rewind(position);

  writer.string("whole");
  writer.key("b");
  writer.integer(1);
  writer.end_object();
  EXPECT_EQ(text, R"({"a":"whole","b":1})");
}

}  // namespace
