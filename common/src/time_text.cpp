#include "common/src/time_text.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace llmtrace {
inline namespace v0 {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::system_clock;
using std::chrono::year_month_day;

void put_digits(char* out, unsigned value, int width) {
  for (int i = width - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

// Reads exactly `width` digits at the start of `text` and removes them.
std::optional<int> take_digits(std::string_view& text, std::size_t width) {
  int value = 0;
  if (text.size() < width) return std::nullopt;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool take(std::string_view& text, std::string_view characters) {
  if (text.empty() || characters.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<system_clock::time_point> make_time(int year, int month, int day, int hour,
                                                  int minute, int second) {
  const year_month_day date{std::chrono::year(year),
                            std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  // system_clock counts nanoseconds in 64 bits: the years 1677 to 2262 fit, not quite.
  if (year < 1678 || year > 2261) return std::nullopt;
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return system_clock::time_point(sys_days(date)) + hours(hour) + minutes(minute) + seconds(second);
}

// The offset behind the time: "Z", "+01:00" or "-0530".
std::optional<minutes> take_offset(std::string_view& text) {
  if (take(text, "Zz")) return minutes(0);
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto offset_hours = take_digits(text, 2);
  take(text, ":");
  const auto offset_minutes = take_digits(text, 2);
  if (!offset_hours || !offset_minutes || *offset_hours > 23 || *offset_minutes > 59) {
    return std::nullopt;
  }
  return minutes(sign * (*offset_hours * 60 + *offset_minutes));
}

}  // namespace

void append_rfc3339(std::string& out, system_clock::time_point time) {
  static const auto kFirst = std::chrono::time_point_cast<microseconds>(
      sys_days(year_month_day(std::chrono::year(1), std::chrono::month(1), std::chrono::day(1))));
  static const auto kLast =
      std::chrono::time_point_cast<microseconds>(sys_days(
          year_month_day(std::chrono::year(9999), std::chrono::month(12), std::chrono::day(31)))) +
      days(1) - microseconds(1);
  const auto clamped = std::clamp(std::chrono::floor<microseconds>(time), kFirst, kLast);
  const auto day = std::chrono::floor<days>(clamped);
  const year_month_day date(day);
  const auto micros = static_cast<std::uint64_t>((clamped - day).count());
  const auto second_of_day = static_cast<unsigned>(micros / 1'000'000);

  char text[] = "0000-00-00T00:00:00.000000Z";
  put_digits(text, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  put_digits(text + 5, static_cast<unsigned>(date.month()), 2);
  put_digits(text + 8, static_cast<unsigned>(date.day()), 2);
  put_digits(text + 11, second_of_day / 3600, 2);
  put_digits(text + 14, second_of_day / 60 % 60, 2);
  put_digits(text + 17, second_of_day % 60, 2);
  put_digits(text + 20, static_cast<unsigned>(micros % 1'000'000), 6);
  out.append(text, sizeof text - 1);
}

std::optional<system_clock::time_point> parse_rfc3339(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !take(text, "Tt ")) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ":")) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second) return std::nullopt;

  nanoseconds fraction(0);
  if (take(text, ".")) {
    if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
    for (std::int64_t unit = 100'000'000; !text.empty() && text[0] >= '0' && text[0] <= '9';
         unit /= 10) {
      fraction += nanoseconds(unit * (text[0] - '0'));
      text.remove_prefix(1);
    }
  }
  const auto offset = take_offset(text);
  const auto time = make_time(*year, *month, *day, *hour, *minute, *second);
  if (!offset || !time || !text.empty()) return std::nullopt;
  return *time + std::chrono::duration_cast<system_clock::duration>(fraction) - *offset;
}

std::optional<system_clock::time_point> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() < 5 || text.substr(3, 2) != ", ") return std::nullopt;
  text.remove_prefix(5);
  const auto day = take_digits(text, 2);
  if (!day || !take(text, " ")) return std::nullopt;
  const auto* const month = std::find(kMonths.begin(), kMonths.end(), text.substr(0, 3));
  if (month == kMonths.end()) return std::nullopt;
  text.remove_prefix(3);
  if (!take(text, " ")) return std::nullopt;
  const auto year = take_digits(text, 4);
  if (!year || !take(text, " ")) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ":")) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || text != " GMT") return std::nullopt;
  return make_time(*year, static_cast<int>(month - kMonths.begin()) + 1, *day, *hour, *minute,
                   *second);
}

}  // namespace v0
}  // namespace llmtrace
