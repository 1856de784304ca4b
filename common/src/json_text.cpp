#include "common/src/json_text.h"

#include <algorithm>

#include "common/src/json_value.h"

namespace llmtrace {
inline namespace v0 {
namespace {

std::string_view skip_space(std::string_view text) noexcept {
  if (!text.empty() && text[0] > ' ') return text;  // nearly always
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

// Of a number, of true, false and null: these are short, and too many for a search of each.
bool ends_a_literal(char c) noexcept {
  return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// Length of the string literal at the start of `text`, quotes included.
std::size_t string_length(std::string_view text) noexcept {
  for (std::size_t quote = text.find('"', 1); quote != std::string_view::npos;
       quote = text.find('"', quote + 1)) {
    std::size_t backslashes = 0;
    while (text[quote - backslashes - 1] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return quote + 1;
  }
  return text.size();
}

// Copies valid JSON; containers deeper than `max_depth` become the mark.
void append_flattened(std::string& out, std::string_view json, int max_depth) {
  int depth = 0;
  std::size_t copied = 0;
  std::size_t i = 0;
  while (i < json.size()) {
    const char c = json[i];
    if (c == '"') {
      i += string_length(json.substr(i));
      continue;
    }
    if ((c == '{' || c == '[') && depth >= max_depth) {
      out.append(json, copied, i - copied);
      append_json_string(out, JsonWriter::kTooDeepMark);
      i += json_value_length(json.substr(i));
      copied = i;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++i;
  }
  out.append(json, copied);
}

}  // namespace

std::size_t json_value_length(std::string_view text) noexcept {
  if (text.empty()) return 0;
  if (text[0] == '"') return string_length(text);
  if (text[0] != '{' && text[0] != '[') {
    const auto* const end = std::find_if(text.begin(), text.end(), ends_a_literal);
    return static_cast<std::size_t>(end - text.begin());
  }
  int depth = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == '"') {
      i += string_length(text.substr(i));
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++i;
    if (depth == 0) return i;
  }
  return text.size();
}

void append_json(std::string& out, const Json& value, int max_depth) {
  if (value.is_string()) {
    append_json_string(out, value.text());
  } else if (value.is_absent()) {
    out.append("null");
  } else if (value.levels() <= max_depth) {
    out.append(value.text());
  } else {
    append_flattened(out, value.text(), max_depth);
  }
}

std::string unescape_json_string(std::string_view literal) {
  std::string buffer;
  const std::string_view text = unescape_json_string(literal, buffer);
  return text.data() == buffer.data() ? std::move(buffer) : std::string(text);
}

std::string_view unescape_json_string(std::string_view literal, std::string& buffer) {
  if (literal.size() < 2) return {};
  if (literal.find('\\') == std::string_view::npos) return literal.substr(1, literal.size() - 2);
  const auto parsed = JsonValue::parse(literal);
  buffer = parsed ? parsed->as_string() : std::string();
  return buffer;
}

JsonObjectReader::JsonObjectReader(std::string_view object) noexcept : rest_(skip_space(object)) {
  if (rest_.empty() || rest_[0] != '{') {
    rest_ = {};
  } else {
    rest_.remove_prefix(1);
  }
}

bool JsonObjectReader::next(std::string& key, std::string_view& value) {
  std::string_view literal;
  if (!next_literal(literal, value)) return false;
  std::string buffer;
  key = unescape_json_string(literal, buffer);
  return true;
}

bool JsonObjectReader::next_literal(std::string_view& key, std::string_view& value) noexcept {
  rest_ = skip_space(rest_);
  if (!rest_.empty() && rest_[0] == ',') rest_ = skip_space(rest_.substr(1));
  if (rest_.empty() || rest_[0] != '"') return false;
  key = rest_.substr(0, string_length(rest_));
  rest_ = skip_space(rest_.substr(key.size()));
  if (rest_.empty() || rest_[0] != ':') return false;
  rest_ = skip_space(rest_.substr(1));
  value = rest_.substr(0, json_value_length(rest_));
  rest_.remove_prefix(value.size());
  return true;
}

}  // namespace v0
}  // namespace llmtrace
