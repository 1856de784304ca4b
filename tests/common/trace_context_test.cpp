// W3C Trace Context, level 2, case by case: the cases of its own test suite and the rules of its
// text.
#include "common/src/trace_context.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace llmtrace::tests {
namespace {

constexpr char kIds[] = "12345678901234567890123456789012-1234567890123456";

struct ParentCase {
  const char* what;
  std::string text;
  bool is_valid;
};

std::vector<ParentCase> parent_cases() {
  const std::string ids = kIds;
  const std::string zero_trace(32, '0');
  const std::string zero_span(16, '0');
  return {
      {"version 00", "00-" + ids + "-01", true},
      {"not sampled", "00-" + ids + "-00", true},
      {"flags that nobody knows yet", "00-" + ids + "-ff", true},
      {"a later version", "cc-" + ids + "-01", true},
      {"a later version with more", "cc-" + ids + "-01-what-the-future-will-be-like", true},
      {"a later version with an end", "cc-" + ids + "-01-", true},
      {"the last version", "fe-" + ids + "-01", true},
      {"a blank before", " 00-" + ids + "-01", true},
      {"a tab before", "\t00-" + ids + "-01", true},
      {"a blank behind", "00-" + ids + "-01 ", true},
      {"a tab behind", "00-" + ids + "-01\t", true},
      {"blanks around", "\t 00-" + ids + "-01 \t", true},
      {"empty", "", false},
      {"blanks", "  ", false},
      {"a dot behind version 00", "00-" + ids + "-01.", false},
      {"more behind version 00", "00-" + ids + "-01-what-the-future-will-be-like", false},
      {"a dash behind version 00", "00-" + ids + "-01-", false},
      {"a later version with a dot", "cc-" + ids + "-01.what-the-future-will-be-like", false},
      {"a later version that is short", "cc-" + ids + "-1", false},
      {"version ff", "ff-" + ids + "-01", false},
      {"version FF", "FF-" + ids + "-01", false},
      {"version in upper case", "CC-" + ids + "-01", false},
      {"no version, front", ".0-" + ids + "-01", false},
      {"no version, back", "0.-" + ids + "-01", false},
      {"version of three digits", "000-" + ids + "-01", false},
      {"version of four digits", "0000-" + ids + "-01", false},
      {"version of one digit", "0-" + ids + "-01", false},
      {"trace id of zeros", "00-" + zero_trace + "-1234567890123456-01", false},
      {"trace id with a dot, front", "00-." + ids.substr(1) + "-01", false},
      {"trace id with a dot, back", "00-" + ids.substr(0, 31) + "." + ids.substr(32) + "-01",
       false},
      {"trace id in upper case", "00-ABCDEF78901234567890123456789012-1234567890123456-01", false},
      {"trace id too long", "00-3" + ids + "-01", false},
      {"trace id too short", "00-" + ids.substr(1) + "-01", false},
      {"parent id of zeros", "00-" + ids.substr(0, 33) + zero_span + "-01", false},
      {"parent id with a dot, front", "00-" + ids.substr(0, 33) + ".234567890123456-01", false},
      {"parent id with a dot, back", "00-" + ids.substr(0, 33) + "123456789012345.-01", false},
      {"parent id in upper case", "00-" + ids.substr(0, 33) + "ABCDEF7890123456-01", false},
      {"parent id too long", "00-" + ids + "7-01", false},
      {"parent id too short", "00-" + ids.substr(0, 48) + "-01", false},
      {"flags with a dot, front", "00-" + ids + "-.0", false},
      {"flags with a dot, back", "00-" + ids + "-0.", false},
      {"flags in upper case", "00-" + ids + "-0A", false},
      {"flags too long", "00-" + ids + "-001", false},
      {"flags too short", "00-" + ids + "-1", false},
      {"no flags", "00-" + ids, false},
      {"no flags behind the dash", "00-" + ids + "-", false},
      {"other separators", "00_" + ids + "_01", false},
      {"two of them", "00-" + ids + "-01,00-" + ids + "-01", false},
      {"very long", std::string(100'000, '0'), false},
  };
}

TEST(TraceParentText, IsReadAsW3CSays) {
  for (const ParentCase& each : parent_cases()) {
    const auto parent = parse_traceparent(each.text);
    ASSERT_EQ(parent.has_value(), each.is_valid) << each.what << ": " << each.text.substr(0, 120);
    if (!parent) continue;
    EXPECT_EQ(to_hex(parent->trace_id) + "-" + to_hex(parent->span_id), kIds) << each.what;
  }
}

TEST(TraceParentText, TwoFlagsAreKnown) {
  for (const auto& [flags, sampled, random] : {std::tuple("00", false, false),
                                               {"01", true, false},
                                               {"02", false, true},
                                               {"03", true, true},
                                               {"fc", false, false},
                                               {"ff", true, true}}) {
    const auto parent = parse_traceparent("00-" + std::string(kIds) + "-" + flags);
    ASSERT_TRUE(parent) << flags;
    EXPECT_EQ(parent->sampled, sampled) << flags;
    EXPECT_EQ(parent->random_trace_id, random) << flags;
  }
}

TEST(TraceParentText, IsWrittenAsItIsRead) {
  Record record;
  record.trace_id = trace_id_from("12345678901234567890123456789012");
  record.span_id = span_id_from("1234567890123456");
  EXPECT_EQ(traceparent_of(record, true), "00-" + std::string(kIds) + "-01");
  record.has_random_trace_id = true;
  EXPECT_EQ(traceparent_of(record, false), "00-" + std::string(kIds) + "-02");
}

// Members "bar01=01" to "barNN=NN".
std::string bars(int first, int last) {
  std::string state;
  for (int i = first; i <= last; ++i) {
    const std::string number = (i < 10 ? "0" : "") + std::to_string(i);
    state += (i == first ? "bar" : ",bar") + number + "=" + number;
  }
  return state;
}

struct StateCase {
  const char* what;
  std::vector<std::string> headers;
  std::string handed_on;  // empty: the whole of it is discarded
};

std::vector<StateCase> state_cases() {
  const std::string key = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
  std::string value;
  for (char c = 0x20; c < 0x7f; ++c) {
    if (c != ',' && c != '=') value += c;
  }
  const std::string with_vendor = key + "@a-z0-9_-*/";
  return {
      {"one header", {"foo=1,bar=2"}, "foo=1,bar=2"},
      {"several headers",
       {"foo=1,bar=2", "rojo=1,congo=2", "baz=3"},
       "foo=1,bar=2,rojo=1,congo=2,baz=3"},
      {"an empty header", {""}, ""},
      {"an empty header behind", {"foo=1", ""}, "foo=1"},
      {"an empty header before", {"", "foo=1"}, "foo=1"},
      {"empty members", {"foo=1,,bar=2,", ",baz=3"}, "foo=1,bar=2,baz=3"},
      {"blanks around", {"foo=1 \t , \t bar=2, \t baz=3"}, "foo=1,bar=2,baz=3"},
      {"more blanks around", {"\t foo=1\t \t,\t \tbar=2,\t \tbaz=3 \t"}, "foo=1,bar=2,baz=3"},
      {"a blank within", {"foo= 1 2"}, "foo= 1 2"},
      {"every character of a key", {key + "=" + value}, key + "=" + value},
      {"every character of a key with a vendor",
       {with_vendor + "=" + value},
       with_vendor + "=" + value},
      {"a key that begins with a digit", {"0k=1"}, "0k=1"},
      {"an @ anywhere but in front", {"foo@=1,foo@@bar=2"}, "foo@=1,foo@@bar=2"},
      {"an @ in front", {"@foo=1,bar=2"}, ""},
      {"a key that begins with a dash", {"-foo=1,bar=2"}, ""},
      {"the same key and value twice", {"foo=1,foo=1"}, ""},
      {"the same key twice", {"foo=1,foo=2"}, ""},
      {"the same key in two headers", {"foo=1", "foo=1"}, ""},
      {"a blank in a key", {"foo =1"}, ""},
      {"a key in upper case", {"FOO=1"}, ""},
      {"a dot in a key", {"foo.bar=1"}, ""},
      {"no key", {"=1,bar=2"}, ""},
      {"no equals sign", {"foo,bar=2"}, ""},
      {"two equals signs", {"foo=bar=baz"}, ""},
      {"no value", {"foo=,bar=3"}, ""},
      {"a value of blanks", {"foo=  ,bar=3"}, ""},
      {"a line break in a value", {"k=\r\nX: y"}, ""},
      {"a tab in a value", {"k=a\tb"}, ""},
      {"letters that are not ASCII", {"k=\xC3\xA4"}, ""},
      {"a control character", {"k=a\x7f"}, ""},
      {"32 members", {bars(1, 10), bars(11, 20), bars(21, 30), bars(31, 32)}, bars(1, 32)},
      {"33 members", {bars(1, 10), bars(11, 20), bars(21, 30), bars(31, 33)}, ""},
      {"a key of 256",
       {"foo=1", std::string(256, 'z') + "=1"},
       "foo=1," + std::string(256, 'z') + "=1"},
      {"a key of 257", {"foo=1", std::string(257, 'z') + "=1"}, ""},
      {"a value of 256", {"foo=" + std::string(256, 'v')}, "foo=" + std::string(256, 'v')},
      {"a value of 257", {"foo=" + std::string(257, 'v')}, ""},
  };
}

TEST(TraceStateText, IsHandedOnAsW3CSays) {
  for (const StateCase& each : state_cases()) {
    const std::vector<std::string_view> headers(each.headers.begin(), each.headers.end());
    EXPECT_EQ(checked_trace_state(headers), each.handed_on) << each.what;
  }
}

std::string member(int number, std::size_t bytes) {
  const std::string key = "k" + std::to_string(number) + "=";
  return key + std::string(bytes - key.size(), 'v');
}

TEST(TraceStateText, WhatIsTooLongLosesItsLargeMembersFirst) {
  std::string state;
  std::string small;
  for (int i = 0; i < 32; ++i) {
    const bool is_large = i % 2 == 0;
    const std::string text = member(i, is_large ? 250 : 128);
    state += (state.empty() ? "" : ",") + text;
    if (!is_large || i < 16) small += (small.empty() ? "" : ",") + text;
  }
  // 16 of 128 bytes and 8 of 250 are 4,071 bytes with their commas; one more would not fit.
  EXPECT_EQ(checked_trace_state({state}), small);
  EXPECT_LE(small.size(), 4096U);
}

TEST(TraceStateText, ThenThoseOnTheRight) {
  std::string state;
  std::string kept;
  for (int i = 0; i < 32; ++i) {
    const std::string text = member(i, 128);
    state += (state.empty() ? "" : ",") + text;
    if (i < 31) kept += (kept.empty() ? "" : ",") + text;
  }
  EXPECT_EQ(state.size(), 4127U);
  EXPECT_EQ(checked_trace_state({state}), kept);
}

}  // namespace
}  // namespace llmtrace::tests
