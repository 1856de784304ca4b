#include "collector/langsmith/json_fields.h"

#include <algorithm>
#include <cmath>

#include "collector/bad_request.h"
#include "collector/iso_time.h"
#include "collector/langsmith/uuid.h"
#include "common/src/json_text.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

constexpr int kMaxDepth = 128;
constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kDigits = "-0123456789";

std::string_view without_space(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

// How many characters of `text` the value in front of it takes, up to the comma or bracket behind.
std::size_t value_size(std::string_view text) noexcept {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth == 0 && (c == ',' || c == ']')) {
      return i;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return text.size();
}

bool begins_with_any(std::string_view raw, std::string_view kinds) {
  return kinds.find(raw.front()) != std::string_view::npos;
}

}  // namespace

bool is_json(std::string_view text) { return JsonValue::is_valid(text, kMaxDepth); }

JsonFields::JsonFields(std::string_view json, std::string what,
                       std::span<const std::string_view> names)
    : what_(std::move(what)), names_(names) {
  if (!without_space(json).starts_with('{')) {
    throw UnprocessableEntity(what_ + " must be a JSON object");
  }
  JsonObjectReader reader(json);
  std::string key;
  std::string_view value;
  while (reader.next(key, value)) replace(key, value);
}

std::string_view JsonFields::raw(std::string_view name) const {
  const auto found = std::find_if(found_.begin(), found_.end(),
                                  [name](const auto& field) { return field.first == name; });
  return found == found_.end() || found->second == "null" ? std::string_view() : found->second;
}

bool JsonFields::is_null(std::string_view name) const {
  return std::any_of(found_.begin(), found_.end(), [name](const auto& field) {
    return field.first == name && field.second == "null";
  });
}

void JsonFields::replace(std::string_view name, std::string_view json) {
  const auto wanted = std::find(names_.begin(), names_.end(), name);
  if (wanted == names_.end()) return;
  const auto found = std::find_if(found_.begin(), found_.end(),
                                  [name](const auto& field) { return field.first == name; });
  if (found == found_.end()) {
    found_.emplace_back(*wanted, without_space(json));
  } else {
    found->second = without_space(json);
  }
}

std::optional<std::string> JsonFields::text(std::string_view name) const {
  const auto literal = any(name, "\"", "a string");
  return literal ? std::optional(unescape_json_string(*literal)) : std::nullopt;
}

std::optional<std::string> JsonFields::uuid(std::string_view name) const {
  const auto given = text(name);
  if (!given) return std::nullopt;
  auto uuid = read_uuid(*given);
  if (!uuid) reject(name, "must be a UUID");
  return uuid;
}

std::optional<bool> JsonFields::boolean(std::string_view name) const {
  const auto given = any(name, "tf", "true or false");
  return given ? std::optional(*given == "true") : std::nullopt;
}

std::optional<std::int64_t> JsonFields::integer(std::string_view name) const {
  const auto given = any(name, kDigits, "an integer");
  if (!given) return std::nullopt;
  const JsonValue number = JsonValue::parse(*given).value_or(JsonValue());
  if (!number.is_integer()) reject(name, "must be an integer");
  return number.as_integer();
}

std::optional<std::int64_t> JsonFields::time_us(std::string_view name) const {
  const auto given = any(name, "\"-0123456789", "a time");
  if (!given) return std::nullopt;
  if (given->starts_with('"')) {
    const auto time = parse_iso_us(unescape_json_string(*given));
    if (!time) reject(name, "must be an ISO 8601 time with Z or an offset");
    return time;
  }
  constexpr double kLatest = 253402300800000;  // the year 10000
  const double unix_ms = JsonValue::parse(*given).value_or(JsonValue()).as_double();
  if (unix_ms < 0 || unix_ms >= kLatest) reject(name, "must be Unix milliseconds");
  return static_cast<std::int64_t>(std::llround(unix_ms * 1000));
}

std::optional<std::string> JsonFields::object(std::string_view name) const {
  return any(name, "{", "an object");
}

std::optional<std::string> JsonFields::array(std::string_view name, char element) const {
  auto array = any(name, "[", "an array");
  JsonArrayReader reader(raw(name));
  for (std::string_view value; reader.next(value);) {
    if (!value.starts_with(element)) {
      reject(name, element == '"' ? "must hold strings" : "must hold objects");
    }
  }
  return array;
}

std::optional<std::string> JsonFields::any(std::string_view name, std::string_view kinds,
                                           std::string_view wanted) const {
  const std::string_view value = raw(name);
  if (value.empty()) return std::nullopt;
  if (!begins_with_any(value, kinds)) reject(name, "must be " + std::string(wanted));
  return std::string(value);
}

void JsonFields::reject(std::string_view name, std::string_view problem) const {
  throw UnprocessableEntity(what_ + ": '" + std::string(name) + "' " + std::string(problem));
}

JsonArrayReader::JsonArrayReader(std::string_view array) noexcept : rest_(without_space(array)) {
  if (rest_.starts_with('[')) {
    rest_ = without_space(rest_.substr(1));
  } else {
    rest_ = {};
  }
}

bool JsonArrayReader::next(std::string_view& element) {
  if (rest_.empty() || rest_.front() == ']') return false;
  const std::size_t size = value_size(rest_);
  element = without_space(rest_.substr(0, size));
  rest_.remove_prefix(size);
  if (rest_.starts_with(',')) rest_.remove_prefix(1);
  return true;
}

std::string_view json_member(std::string_view json, std::initializer_list<std::string_view> path) {
  for (const std::string_view name : path) {
    JsonObjectReader reader(json);
    std::string_view found;
    std::string key;
    for (std::string_view value; reader.next(key, value);) {
      if (key == name) found = value;
    }
    json = found == "null" ? std::string_view() : found;
  }
  return json;
}

}  // namespace llmtrace::collector
