#include "common/src/time_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <string>

namespace {

using llmtrace::append_rfc3339;
using llmtrace::parse_http_date;
using llmtrace::parse_rfc3339;
using std::chrono::system_clock;
using Time = system_clock::time_point;

Time at(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) /
                               static_cast<int>(day));
}

std::string text_of(Time time) {
  std::string text;
  append_rfc3339(text, time);
  return text;
}

TEST(TimeText, WritesMicrosecondsInUtc) {
  const Time time = at(2026, 11, 16) + std::chrono::hours(8) + std::chrono::minutes(5) +
                    std::chrono::seconds(9) + std::chrono::microseconds(42);

  EXPECT_EQ(text_of(time), "2026-11-16T08:05:09.000042Z");
  EXPECT_EQ(text_of(Time()), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(text_of(Time() - std::chrono::nanoseconds(1)), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(text_of(at(2024, 2, 29)), "2024-02-29T00:00:00.000000Z");
}

TEST(TimeText, WritesTheEndsOfTime) {
  EXPECT_EQ(text_of(Time::max()), "2262-04-11T23:47:16.854775Z");
  EXPECT_EQ(text_of(Time::min()), "1677-09-21T00:12:43.145224Z");
}

RC_GTEST_PROP(TimeText, ReadsBackWhatItWrote, (std::int64_t nanoseconds)) {
  const Time time(std::chrono::duration_cast<system_clock::duration>(
      std::chrono::nanoseconds(nanoseconds / 2)));

  const auto again = parse_rfc3339(text_of(time));

  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == std::chrono::floor<std::chrono::microseconds>(time));
}

TEST(TimeText, ReadsEveryFormOfRfc3339) {
  const Time expected = at(2026, 11, 16) + std::chrono::hours(8);

  for (const char* text :
       {"2026-11-16T08:00:00Z", "2026-11-16t08:00:00z", "2026-11-16 08:00:00Z",
        "2026-11-16T09:00:00+01:00", "2026-11-16T02:30:00-05:30", "2026-11-16T09:00:00+0100",
        "2026-11-16T08:00:00.0Z", "2026-11-16T08:00:00.000000000000Z", "2026-11-16T07:59:60Z"}) {
    EXPECT_EQ(parse_rfc3339(text), expected) << text;
  }
  EXPECT_EQ(parse_rfc3339("2026-11-16T08:00:00.123456789Z"),
            expected + std::chrono::nanoseconds(123456789));
}

TEST(TimeText, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2026", "2026-11-16", "2026-11-16T08:00:00", "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z", "2026-11-16T24:00:00Z", "2026-11-16T08:60:00Z",
        "2026-11-16T08:00:61Z", "2026-11-16T08:00:00.Z", "2026-11-16T08:00:00Zx",
        "2026-11-16T08:00:00+1", "2026-11-16T08:00:00+25:00", "2026-11-16T08:00:00+01:60",
        "26-11-16T08:00:00Z", "2026-11-16T08:00:00 Z"}) {
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
  }
}

// The clock counts nanoseconds in 64 bits: 1677 to 2262. What is outside cannot be held.
TEST(TimeText, RefusesTimesThatTheClockCannotHold) {
  for (const char* text :
       {"0001-01-01T00:00:00Z", "1600-01-01T00:00:00Z", "2262-04-12T00:00:00Z",
        "2300-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2262-04-11T23:47:16.9-23:00"}) {
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
  }
  EXPECT_FALSE(parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT").has_value());
}

RC_GTEST_PROP(TimeText, NeverFailsOnGarbage, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("0123456789-:TZ+. tz,SunNov GMT")));

  parse_rfc3339(text);
  parse_http_date(text);
}

TEST(TimeText, ReadsHttpDates) {
  const auto time = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");

  ASSERT_TRUE(time.has_value());
  EXPECT_EQ(text_of(*time), "1994-11-06T08:49:37.000000Z");
}

TEST(TimeText, RefusesWhatIsNoHttpDate) {
  for (const char* text :
       {"", "120", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov"}) {
    EXPECT_FALSE(parse_http_date(text).has_value()) << text;
  }
}

}  // namespace
