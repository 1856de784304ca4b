#include "collector/api/api_query.h"

#include <algorithm>
#include <charconv>

#include "collector/api/api_error.h"
#include "collector/base64.h"
#include "collector/iso_time.h"
#include "common/src/json_text.h"

namespace llmtrace::collector {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = result.ec == std::errc() && result.ptr == text.data() + text.size();
  return is_whole ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<std::string> ApiQuery::text(std::string_view name) const {
  const auto value = request_.parameter(name);
  if (!value || value->empty()) return std::nullopt;
  return std::string(*value);
}

std::vector<std::string> ApiQuery::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const NameValue& parameter : request_.query) {
    if (parameter.first == name && !parameter.second.empty()) values.push_back(parameter.second);
  }
  return values;
}

std::optional<std::int64_t> ApiQuery::time_us(std::string_view name) const {
  const auto given = text(name);
  if (!given) return std::nullopt;
  constexpr std::int64_t kMostMs = 253'402'300'799'999;  // the year 9999
  const auto ms = whole_number(*given);
  if (ms && *ms >= 0 && *ms <= kMostMs) return *ms * 1000;
  const auto time = parse_iso_us(*given);
  if (time) return time;
  throw bad_parameter(std::string(name),
                      "must be RFC 3339 or integer milliseconds, got '" + *given + "'");
}

std::optional<double> ApiQuery::number(std::string_view name) const {
  const auto given = text(name);
  if (!given) return std::nullopt;
  const auto value = JsonValue::parse(*given);
  if (value && value->is_number()) return value->as_double();
  throw bad_parameter(std::string(name), "must be a number, got '" + *given + "'");
}

std::int64_t ApiQuery::integer(std::string_view name, std::int64_t fallback,
                               std::int64_t maximum) const {
  const auto given = text(name);
  if (!given) return fallback;
  const auto value = whole_number(*given);
  if (value && *value >= 1 && *value <= maximum) return *value;
  throw bad_parameter(std::string(name), "must be an integer from 1 to " + std::to_string(maximum) +
                                             ", got '" + *given + "'");
}

std::size_t ApiQuery::choice(std::string_view name,
                             const std::vector<std::string_view>& known) const {
  const auto given = text(name);
  if (!given) return 0;
  const auto found = std::find(known.begin(), known.end(), *given);
  if (found != known.end()) return static_cast<std::size_t>(found - known.begin());
  std::string names;
  for (const std::string_view one : known) names += (names.empty() ? "" : ", ") + std::string(one);
  throw bad_parameter(std::string(name), "must be one of " + names + ", got '" + *given + "'");
}

std::optional<std::vector<RowFilter::Value>> ApiQuery::cursor() const {
  const auto given = text("cursor");
  if (!given) return std::nullopt;
  const auto json = JsonValue::parse(decode_base64(*given).value_or(""));
  if (!json || json->elements().size() != 2 || !json->elements()[0].is_number() ||
      !json->elements()[1].is_string()) {
    throw bad_parameter("cursor", "must be the next_cursor of the page before");
  }
  const JsonValue& key = json->elements()[0];
  std::vector<RowFilter::Value> values;
  if (key.is_integer()) {
    values.emplace_back(key.as_integer());
  } else {
    values.emplace_back(key.as_double());
  }
  values.emplace_back(json->elements()[1].as_string());
  return values;
}

void ApiQuery::equal(RowFilter& filter, std::string_view name, const char* column) const {
  if (auto value = text(name)) filter.equal(column, std::move(*value));
}

void ApiQuery::times(RowFilter& filter, const char* column) const {
  if (const auto from = time_us("from")) filter.at_least(column, *from);
  if (const auto to = time_us("to")) filter.less_than(column, *to);
}

std::string api_cursor(const RowFilter::Value& key, std::string_view id) {
  std::string text = "[";
  if (const auto* integer = std::get_if<std::int64_t>(&key)) append_json_integer(text, *integer);
  if (const auto* number = std::get_if<double>(&key)) append_json_number(text, *number);
  text += ',';
  append_json_string(text, id);
  return encode_base64url(text + "]");
}

}  // namespace llmtrace::collector
