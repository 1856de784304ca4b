#include <llmtrace/json.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "common/src/json_members.h"
#include "common/src/json_text.h"
#include "common/src/json_value.h"

namespace llmtrace {
inline namespace v0 {

namespace {

constexpr std::size_t kAroundMember = 6;  // the quotes of a key and a value, a colon, a comma
constexpr auto kMostLevels = static_cast<unsigned char>(JsonWriter::kMaxDepth);

// Nearly always few members are added, none of whose keys is there yet: their text goes behind the
// other. False, and nothing is done, where that is not plain to see.
bool append_new_members(std::string& object, std::string_view added) {
  constexpr std::size_t kMost = 8;
  if (!object.ends_with('}') || !added.starts_with('{') || !added.ends_with('}')) return false;
  std::array<std::string_view, kMost> keys;
  std::size_t count = 0;
  const auto is_plain_and_new = [&](std::string_view key) {
    const auto end = keys.begin() + static_cast<std::ptrdiff_t>(count);
    return key.find('\\') == std::string_view::npos && std::find(keys.begin(), end, key) == end;
  };
  std::string_view key;
  std::string_view value;
  for (JsonObjectReader reader(added); reader.next_literal(key, value); keys[count++] = key) {
    if (count == kMost || !is_plain_and_new(key)) return false;
  }
  if (count == 0) return true;
  bool is_empty = true;
  for (JsonObjectReader reader(object); reader.next_literal(key, value); is_empty = false) {
    if (!is_plain_and_new(key)) return false;
  }
  object.reserve(object.size() + added.size());  // what throws has changed nothing
  object.pop_back();
  if (!is_empty) object.push_back(',');
  object.append(added, 1);
  return true;
}

}  // namespace

Json::Json(const char* value) : text_(value == nullptr ? "null" : value) {
  kind_ = value == nullptr ? Kind::Value : Kind::String;
}

Json::Json(std::initializer_list<JsonMember> members) : kind_(Kind::Value), levels_(1) {
  std::size_t size = 2;
  for (const JsonMember& member : members) {
    size += member.key().size() + member.value().text().size() + kAroundMember;
  }
  text_.reserve(size);
  text_.push_back('{');
  for (const JsonMember& member : members) {
    if (text_.size() > 1) text_.push_back(',');
    append_json_string(text_, member.key());
    text_.push_back(':');
    append_json(text_, member.value(), JsonWriter::kMaxDepth - 1);
    levels_ = std::max(levels_, static_cast<unsigned char>(member.value().levels_ + 1));
  }
  levels_ = std::min(levels_, kMostLevels);
  text_.push_back('}');
}

Json Json::from_text(std::string text) {
  Json json;
  json.kind_ = JsonValue::is_valid(text, JsonWriter::kMaxDepth) ? Kind::Value : Kind::String;
  json.levels_ = kMostLevels;
  json.text_ = std::move(text);
  return json;
}

Json Json::from_valid_text(std::string text, int levels) noexcept {
  Json json;
  json.kind_ = Kind::Value;
  json.levels_ = static_cast<unsigned char>(levels);
  json.text_ = std::move(text);
  return json;
}

void Json::assign(detail::JsonRef value) {
  JsonWriter writer(text_);
  kind_ = Kind::Value;
  detail::write_guarded(writer, value);
  levels_ = static_cast<unsigned char>(writer.levels());
}

std::string Json::to_text() const {
  std::string out;
  append_json(out, *this);
  return out;
}

void Json::merge(Json other) {
  if (other.is_absent()) return;
  if (!is_object() || !other.is_object()) {
    *this = std::move(other);
    return;
  }
  if (!append_new_members(text_, other.text_)) {
    JsonMembers members;
    members.add(text_);
    members.add(other.text_);
    text_ = members.to_text();
  }
  levels_ = std::max(levels_, other.levels_);
}

bool Json::is_object() const noexcept {
  if (kind_ == Kind::Value && text_.starts_with('{')) return true;  // nearly always
  const std::size_t begin = text_.find_first_not_of(" \t\r\n");
  return kind_ == Kind::Value && begin != std::string::npos && text_[begin] == '{';
}

namespace detail {

void write_absent_or_value(JsonWriter& writer, const Json& json) {
  if (json.is_string()) {
    writer.string(json.text());
  } else if (json.is_absent()) {
    writer.null();
  } else if (const int left = JsonWriter::kMaxDepth - writer.position().depth;
             json.levels() <= left) {
    writer.raw(json.text(), json.levels());
  } else {
    std::string text;
    append_json(text, json, left);
    writer.raw(text);
  }
}

void write_guarded(JsonWriter& writer, JsonRef value) {
  const JsonWriter::Position start = writer.position();
  std::string error;
  try {
    value.write(writer, value.value);
    if (writer.is_complete_since(start)) return;
    error = "<error: its to_json wrote malformed JSON>";
  } catch (const std::exception& exception) {
    error = "<error: " + std::string(exception.what()) + ">";
  } catch (...) {
    error = "<error: unknown exception>";
  }
  writer.rewind(start);
  writer.string(error);
}

}  // namespace detail
}  // namespace v0
}  // namespace llmtrace
