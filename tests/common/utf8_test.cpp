#include "common/src/utf8.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "tests/common/strict_json.h"

namespace {

using llmtrace::append_utf8;
using llmtrace::find_special;
using llmtrace::is_utf8;
using llmtrace::utf16_prefix;
using llmtrace::utf8_prefix;
using llmtrace::utf8_sequence_length;

std::string repaired(std::string_view text) {
  std::string out;
  append_utf8(out, text);
  return out;
}

std::string encoded(unsigned code_point) {
  const auto byte = [](unsigned value) { return static_cast<char>(value); };
  if (code_point < 0x80) return {byte(code_point)};
  if (code_point < 0x800)
    return {byte(0xC0U | code_point >> 6U), byte(0x80U | (code_point & 0x3FU))};
  if (code_point < 0x10000) {
    return {byte(0xE0U | code_point >> 12U), byte(0x80U | (code_point >> 6U & 0x3FU)),
            byte(0x80U | (code_point & 0x3FU))};
  }
  return {byte(0xF0U | code_point >> 18U), byte(0x80U | (code_point >> 12U & 0x3FU)),
          byte(0x80U | (code_point >> 6U & 0x3FU)), byte(0x80U | (code_point & 0x3FU))};
}

TEST(Utf8, AcceptsEveryCodePointButSurrogates) {
  for (unsigned code_point = 0; code_point <= 0x110000; ++code_point) {
    const bool valid = code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF);
    const std::string text = encoded(code_point);

    ASSERT_EQ(utf8_sequence_length(text), valid ? text.size() : 0U) << std::hex << code_point;
    ASSERT_EQ(is_utf8(text), valid) << std::hex << code_point;
  }
}

TEST(Utf8, RefusesOverlongAndIncompleteForms) {
  for (const char* text : {"\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF",
                           "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xF5\x80\x80\x80", "\x80",
                           "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xFE", "\xFF"}) {
    EXPECT_EQ(utf8_sequence_length(text), 0U) << text;
    EXPECT_FALSE(is_utf8(text)) << text;
  }
  EXPECT_EQ(utf8_sequence_length(""), 0U);
}

TEST(Utf8, RepairsOneByteAtATime) {
  EXPECT_EQ(repaired("a\xC3(b"), "a\xEF\xBF\xBD(b");
  EXPECT_EQ(repaired("\xF0\x9F\x98"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(repaired(""), "");
}

RC_GTEST_PROP(Utf8, RepairsAnyBytesAndLeavesGoodOnesAlone, ()) {
  const auto bytes = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());

  const std::string text = repaired(bytes);

  RC_ASSERT(is_utf8(text));
  RC_ASSERT((text == bytes) == is_utf8(bytes));
  RC_ASSERT(repaired(text) == text);
}

RC_GTEST_PROP(Utf8, PrefixEndsOnACodePoint, ()) {
  std::string text;
  for (const unsigned code_point : *rc::gen::container<std::vector<unsigned>>(
           rc::gen::elementOf(std::vector<unsigned>{'a', 0xE9, 0x20AC, 0x1F600}))) {
    text += encoded(code_point);
  }
  const auto limit = *rc::gen::inRange<std::size_t>(0, text.size() + 5);

  const std::string_view prefix = utf8_prefix(text, limit);

  RC_ASSERT(prefix.size() <= limit);
  RC_ASSERT(is_utf8(prefix));
  RC_ASSERT(text.starts_with(prefix));
  RC_ASSERT(prefix.size() + 4 > std::min(limit, text.size()));
}

TEST(Utf8, CountsAsJavaScriptDoes) {
  const std::string earth = "\xF0\x9F\x8C\x8D";  // two units

  EXPECT_EQ(utf16_prefix("abc", 3), "abc");
  EXPECT_EQ(utf16_prefix("abc", 2), "ab");
  EXPECT_EQ(utf16_prefix("\xC3\xA9\xE2\x82\xAC", 2), "\xC3\xA9\xE2\x82\xAC");
  EXPECT_EQ(utf16_prefix("a" + earth, 3), "a" + earth);
  EXPECT_EQ(utf16_prefix("a" + earth, 2), "a") << "not half of it";
  EXPECT_EQ(utf16_prefix("\xFF\xFF\xFF", 2), "\xFF\xFF") << "each is U+FFFD";
  EXPECT_EQ(utf16_prefix("", 0), "");
}

TEST(Utf8, PrefixOfGarbageIsBoundedToo) {
  const std::string garbage(100, '\x80');

  EXPECT_LE(utf8_prefix(garbage, 50).size(), 50U);
  EXPECT_GE(utf8_prefix(garbage, 50).size(), 46U);
  EXPECT_EQ(utf8_prefix(garbage, 0).size(), 0U);
}

TEST(Utf8, FindsASpecialByteWhereverItIs) {
  for (std::size_t size = 1; size <= 40; ++size) {
    for (std::size_t from = 0; from < size; ++from) {
      const std::string plain(size, 'x');
      EXPECT_EQ(find_special(plain, from, true), size) << "from " << from;
      for (std::size_t at = 0; at < size; ++at) {
        std::string text = plain;
        text[at] = '"';
        EXPECT_EQ(find_special(text, from, true), at < from ? size : at) << "from " << from;
        EXPECT_EQ(find_special(text, from, false), size) << "from " << from;
        text[at] = '\x80';
        EXPECT_EQ(find_special(text, from, false), at < from ? size : at) << "from " << from;
      }
    }
  }
}

RC_GTEST_PROP(Utf8, FindsTheFirstSpecialByte, ()) {
  const auto bytes = *rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::just('x'), rc::gen::just('x'), rc::gen::just('x'), rc::gen::just('x'),
                     rc::gen::arbitrary<char>()));
  const auto from = *rc::gen::inRange<std::size_t>(0, bytes.size() + 1);
  const auto expected = [&](bool escaped_too) {
    std::size_t i = from;
    for (; i < bytes.size(); ++i) {
      const auto byte = static_cast<unsigned char>(bytes[i]);
      if (byte >= 0x80) break;
      if (escaped_too && (byte < 0x20 || byte == '"' || byte == '\\')) break;
    }
    return i;
  };

  RC_ASSERT(find_special(bytes, from, true) == expected(true));
  RC_ASSERT(find_special(bytes, from, false) == expected(false));
}

}  // namespace
