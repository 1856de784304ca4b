#include "collector/body_reader.h"

#include <algorithm>

#include "collector/iso_time.h"
#include "collector/metadata_text.h"

namespace llmtrace::collector {
namespace {

const JsonValue kNotGiven;

std::string_view type_name(const JsonValue& value) {
  switch (value.type()) {
    case JsonValue::Type::Null:
      return "null";
    case JsonValue::Type::Boolean:
      return "boolean";
    case JsonValue::Type::Integer:
    case JsonValue::Type::Unsigned:
    case JsonValue::Type::Double:
      return "number";
    case JsonValue::Type::String:
      return "string";
    case JsonValue::Type::Array:
      return "array";
    case JsonValue::Type::Object:
      return "object";
  }
  return "unknown";
}

ValidationIssue type_issue(std::string_view key, std::string_view expected,
                           const JsonValue& received) {
  return {.code = "invalid_type",
          .expected = std::string(expected),
          .path = std::string(key),
          .message = "Invalid input: expected " + std::string(expected) + ", received " +
                     std::string(type_name(received))};
}

}  // namespace

std::optional<std::string> BodyReader::text(std::string_view key) {
  const JsonValue& field = body_[key];
  if (field.is_null()) return std::nullopt;
  if (!field.is_string()) reject_type(key, "string");
  return field.as_string();
}

std::optional<std::int64_t> BodyReader::integer(std::string_view key) {
  const JsonValue& field = body_[key];
  if (field.is_null()) return std::nullopt;
  if (!field.is_integer()) reject_type(key, "int");
  return field.as_integer();
}

std::optional<bool> BodyReader::boolean(std::string_view key) {
  const JsonValue& field = body_[key];
  if (field.is_null()) return std::nullopt;
  if (field.type() != JsonValue::Type::Boolean) reject_type(key, "boolean");
  return field.as_bool();
}

std::optional<std::int64_t> BodyReader::time_ms(std::string_view key) {
  const auto given = text(key);
  if (!given) return std::nullopt;
  const auto time = parse_iso_ms(*given);
  if (!time) reject(key, "Invalid ISO datetime: want 2026-01-31T08:00:00Z, or an offset for the Z");
  return time;
}

std::optional<std::string> BodyReader::any(std::string_view key) {
  const JsonValue& field = body_[key];
  if (field.is_null()) return std::nullopt;
  return plain_text(field);
}

const JsonValue& BodyReader::object(std::string_view key) {
  const JsonValue& field = body_[key];
  if (field.is_null() || field.is_object()) return field;
  reject_type(key, "record");
  return kNotGiven;
}

std::optional<std::string> BodyReader::text_list(std::string_view key) {
  const JsonValue& field = body_[key];
  if (field.is_null()) return std::nullopt;
  const auto& elements = field.elements();
  const bool holds_strings = std::all_of(elements.begin(), elements.end(),
                                         [](const JsonValue& e) { return e.is_string(); });
  if (!field.is_array() || !holds_strings) reject_type(key, "array");
  return field.to_text();
}

std::optional<std::string> BodyReader::choice(std::string_view key,
                                              const std::vector<std::string_view>& allowed) {
  const auto given = text(key);
  if (!given || std::find(allowed.begin(), allowed.end(), *given) != allowed.end()) return given;
  std::string message = "Invalid option: expected one of ";
  for (const std::string_view option : allowed) {
    message += (option == allowed.front() ? "" : "|") + std::string(option);
  }
  reject(key, message);
  return std::nullopt;
}

void BodyReader::reject(std::string_view key, std::string_view message) {
  issues_.push_back(
      {.code = "invalid_value", .path = std::string(key), .message = std::string(message)});
}

void BodyReader::reject_type(std::string_view key, std::string_view expected) {
  issues_.push_back(type_issue(key, expected, body_[key]));
}

ValidationIssue not_an_object(const JsonValue& body) { return type_issue("", "object", body); }

}  // namespace llmtrace::collector
