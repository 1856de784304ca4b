#include <llmtrace/json_writer.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "common/src/json_text.h"
#include "common/src/time_text.h"
#include "common/src/utf8.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::size_t kContainerBytes = 240;  // instead of growing to it in four steps

void append_escaped(std::string& out, unsigned char byte) {
  switch (byte) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    case '\b':
      out.append("\\b");
      return;
    case '\f':
      out.append("\\f");
      return;
    default:
      const char escape[] = {'\\', 'u', '0', '0', kHexDigits[byte >> 4U], kHexDigits[byte & 0xFU]};
      out.append(escape, sizeof escape);
  }
}

template <class Number>
void append_number(std::string& out, Number value) {
  char digits[40];  // enough for any 64-bit integer and any shortest double
  const auto result = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, result.ptr);
}

}  // namespace

// RapidJSON's Writer is not used here: it passes invalid UTF-8 through, and with its validation on
// it runs at a third of the speed (bench/json.cpp compares both).
void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t special = find_special(text, i, true);
    out.append(text, i, special - i);
    i = special;
    if (i == text.size()) break;
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      append_escaped(out, byte);
      ++i;
      continue;
    }
    const std::size_t length = utf8_sequence_length(text.substr(i));
    if (length == 0) {
      out.append(kReplacementCharacter);
      ++i;
    } else {
      out.append(text, i, length);
      i += length;
    }
  }
  out.push_back('"');
}

void append_json_integer(std::string& out, std::int64_t value) { append_number(out, value); }

void append_json_number(std::string& out, double value) {
  if (std::isfinite(value)) {
    append_number(out, value);
  } else {
    out.append("null");
  }
}

bool JsonWriter::begin_value() {
  if (depth_ > kMaxDepth) return false;
  if (after_key_) {
    after_key_ = false;
    return true;
  }
  malformed_ = malformed_ || in_object() || (depth_ == 0 && has_root_);
  separate();
  return true;
}

void JsonWriter::separate() {
  if (depth_ == 0) {
    has_root_ = true;
    return;
  }
  const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(depth_ - 1);
  if ((has_element_ & bit) != 0) out_->push_back(',');
  has_element_ |= bit;
}

bool JsonWriter::in_object() const noexcept {
  return depth_ > 0 && depth_ <= kMaxDepth &&
         (is_object_ & std::uint64_t{1} << static_cast<unsigned>(depth_ - 1)) != 0;
}

void JsonWriter::null() {
  if (begin_value()) out_->append("null");
}

void JsonWriter::boolean(bool value) {
  if (begin_value()) out_->append(value ? "true" : "false");
}

void JsonWriter::integer(std::int64_t value) {
  if (begin_value()) append_number(*out_, value);
}

void JsonWriter::unsigned_integer(std::uint64_t value) {
  if (begin_value()) append_number(*out_, value);
}

void JsonWriter::number(double value) {
  if (begin_value()) append_json_number(*out_, value);
}

void JsonWriter::string(std::string_view value) {
  if (begin_value()) append_json_string(*out_, value);
}

void JsonWriter::raw(std::string_view json, int levels) {
  if (!begin_value()) return;
  out_->append(json);
  levels_ = std::max(levels_, std::min(depth_ + levels, kMaxDepth));
}

void JsonWriter::begin_object() { begin_container('{'); }
void JsonWriter::end_object() { end_container('}'); }
void JsonWriter::begin_array() { begin_container('['); }
void JsonWriter::end_array() { end_container(']'); }

void JsonWriter::begin_container(char bracket) {
  if (depth_ >= kMaxDepth) {
    if (depth_ == kMaxDepth) string(kTooDeepMark);
    ++depth_;
    return;
  }
  begin_value();
  if (out_->empty()) out_->reserve(kContainerBytes);
  out_->push_back(bracket);
  const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(depth_);
  has_element_ &= ~bit;
  is_object_ = bracket == '{' ? is_object_ | bit : is_object_ & ~bit;
  ++depth_;
  levels_ = std::max(levels_, depth_);
}

void JsonWriter::end_container(char bracket) {
  const bool matches = depth_ > kMaxDepth || (depth_ > 0 && in_object() == (bracket == '}'));
  malformed_ = malformed_ || after_key_ || !matches;
  if (depth_ == 0) return;
  --depth_;
  after_key_ = false;
  if (depth_ < kMaxDepth) out_->push_back(bracket);
}

void JsonWriter::key(std::string_view name) {
  if (depth_ > kMaxDepth) return;
  malformed_ = malformed_ || after_key_ || !in_object();
  separate();
  append_json_string(*out_, name);
  out_->push_back(':');
  after_key_ = true;
}

void JsonWriter::object(std::initializer_list<JsonField> fields) {
  begin_object();
  for (const JsonField& field : fields) {
    key(field.key);
    field.value.write(*this, field.value.value);
  }
  end_object();
}

JsonWriter::Position JsonWriter::position() const noexcept {
  return {out_->size(), has_element_, is_object_, depth_, after_key_, has_root_, malformed_};
}

void JsonWriter::rewind(const Position& position) noexcept {
  out_->resize(position.size);
  has_element_ = position.has_element;
  is_object_ = position.is_object;
  depth_ = position.depth;
  after_key_ = position.after_key;
  has_root_ = position.has_root;
  malformed_ = position.malformed;
}

bool JsonWriter::is_complete_since(const Position& start) const noexcept {
  if (start.depth > kMaxDepth) return depth_ == start.depth;  // nothing is written there
  return !malformed_ && !after_key_ && depth_ == start.depth && out_->size() > start.size;
}

void to_json(JsonWriter& writer, const std::chrono::system_clock::time_point& time) {
  std::string text;
  append_rfc3339(text, time);
  writer.string(text);
}

namespace detail {

void write_type_name(JsonWriter& writer, std::string_view name) {
  std::string text = "<";
  text.append(name).push_back('>');
  writer.string(text);
}

}  // namespace detail
}  // namespace v0
}  // namespace llmtrace
