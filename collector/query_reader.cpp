#include "collector/query_reader.h"

#include <algorithm>
#include <charconv>

#include "collector/bad_request.h"
#include "collector/base64.h"
#include "collector/iso_time.h"
#include "common/src/json_text.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {

std::int64_t QueryReader::limit(const LimitRange& range) const {
  const std::int64_t limit = positive("limit", range.fallback);
  if (limit > range.maximum) {
    throw BadRequest("limit must be at most " + std::to_string(range.maximum));
  }
  return limit;
}

std::int64_t QueryReader::page() const { return positive("page", 1); }

std::vector<std::string> QueryReader::list(std::string_view name) const {
  std::vector<std::string> parts;
  std::string_view rest = request_.parameter(name).value_or("");
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

std::vector<std::string> QueryReader::field_groups(
    const std::vector<std::string_view>& known) const {
  std::vector<std::string> groups = list("fields");
  for (const std::string& group : groups) {
    if (std::find(known.begin(), known.end(), group) == known.end()) {
      throw BadRequest("unknown field group '" + group + "'");
    }
  }
  return groups;
}

bool QueryReader::has(std::string_view name) const { return request_.parameter(name).has_value(); }

void QueryReader::filter_equal(RowFilter& filter, std::string_view name, const char* column) const {
  if (const auto value = request_.parameter(name)) filter.equal(column, std::string(*value));
}

void QueryReader::filter_list(RowFilter& filter, std::string_view name, const char* column) const {
  const std::vector<std::string> values = list(name);
  if (!values.empty()) filter.any_of(column, values);
}

void QueryReader::filter_times(RowFilter& filter, std::string_view from, std::string_view to,
                               const char* column) const {
  if (has(from)) filter.at_least(column, time_ms(from));
  if (has(to)) filter.less_than(column, time_ms(to));
}

std::vector<RowFilter::Value> QueryReader::cursor(std::size_t size) const {
  const auto text = request_.parameter("cursor");
  return text ? read_cursor(*text, size) : std::vector<RowFilter::Value>();
}

std::int64_t QueryReader::positive(std::string_view name, std::int64_t fallback) const {
  const auto text = request_.parameter(name);
  if (!text) return fallback;
  std::int64_t number = 0;
  const auto result = std::from_chars(text->data(), text->data() + text->size(), number);
  constexpr std::int64_t kSane = 1'000'000'000;
  if (result.ec != std::errc() || result.ptr != text->data() + text->size() || number < 1 ||
      number > kSane) {
    throw BadRequest(std::string(name) + " must be a positive integer");
  }
  return number;
}

std::int64_t QueryReader::time_ms(std::string_view name) const {
  const auto time = parse_iso_ms(*request_.parameter(name));
  if (!time) throw BadRequest(std::string(name) + " must be an ISO 8601 time with Z or an offset");
  return *time;
}

std::vector<RowFilter::Value> read_cursor(std::string_view text, std::size_t size) {
  const auto json = JsonValue::parse(decode_base64(text).value_or(""));
  if (!json || json->elements().size() != size || !json->elements()[0].is_integer()) {
    throw BadRequest("invalid cursor: take it from the meta of the previous page");
  }
  std::vector<RowFilter::Value> values;
  for (const JsonValue& element : json->elements()) {
    if (values.empty()) {
      values.emplace_back(element.as_integer());
    } else {
      values.emplace_back(element.as_string());
    }
  }
  return values;
}

std::string make_cursor(std::int64_t time_ms, const std::vector<std::string>& ids) {
  std::string text = "[";
  append_json_integer(text, time_ms);
  for (const std::string& id : ids) {
    text += ',';
    append_json_string(text, id);
  }
  return encode_base64url(text + "]");
}

}  // namespace llmtrace::collector
