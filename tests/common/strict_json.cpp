#include "tests/common/strict_json.h"

#include <rapidjson/encodedstream.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>

namespace llmtrace_tests {
namespace {

unsigned byte_at(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

bool StrictJson::accepts(std::string_view text) {
  StrictJson reader(text);
  if (!reader.value(0)) return false;
  reader.space();
  return reader.at_ == text.size();
}

int StrictJson::depth(std::string_view text) {
  StrictJson reader(text);
  return reader.value(0) ? reader.deepest_ : -1;
}

bool StrictJson::value(int level) {
  deepest_ = std::max(deepest_, level);
  space();
  if (at_ >= text_.size()) return false;
  switch (text_[at_]) {
    case '{':
      return object(level + 1);
    case '[':
      return array(level + 1);
    case '"':
      return string();
    case 't':
      return word("true");
    case 'f':
      return word("false");
    case 'n':
      return word("null");
    default:
      return number();
  }
}

bool StrictJson::object(int level) {
  deepest_ = std::max(deepest_, level);
  ++at_;
  space();
  if (eat('}')) return true;
  do {
    space();
    if (!string()) return false;
    space();
    if (!eat(':') || !value(level)) return false;
    space();
  } while (eat(','));
  return eat('}');
}

bool StrictJson::array(int level) {
  deepest_ = std::max(deepest_, level);
  ++at_;
  space();
  if (eat(']')) return true;
  do {
    if (!value(level)) return false;
    space();
  } while (eat(','));
  return eat(']');
}

bool StrictJson::string() {
  if (!eat('"')) return false;
  while (at_ < text_.size()) {
    if (eat('"')) return true;
    if (!(text_[at_] == '\\' ? escape() : character())) return false;
  }
  return false;
}

bool StrictJson::escape() {
  ++at_;
  if (at_ >= text_.size()) return false;
  if (text_[at_] != 'u')
    return std::string_view("\"\\/bfnrt").find(text_[at_++]) != std::string_view::npos;
  ++at_;
  for (int i = 0; i < 4; ++i, ++at_) {
    if (at_ >= text_.size() || !is_hex(text_[at_])) return false;
  }
  return true;
}

// One code point, by the table of RFC 3629, section 4.
bool StrictJson::character() {
  const unsigned first = byte_at(text_, at_);
  const unsigned second = byte_at(text_, at_ + 1);
  const auto tail = [this](std::size_t offset) {
    const unsigned byte = byte_at(text_, at_ + offset);
    return byte >= 0x80 && byte <= 0xBF;
  };
  std::size_t length = 0;
  if (first >= 0x20 && first <= 0x7F) {
    length = 1;
  } else if (first >= 0xC2 && first <= 0xDF && tail(1)) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF && tail(1) && tail(2)) {
    const bool overlong = first == 0xE0 && second < 0xA0;
    const bool surrogate = first == 0xED && second > 0x9F;
    length = overlong || surrogate ? 0 : 3;
  } else if (first >= 0xF0 && first <= 0xF4 && tail(1) && tail(2) && tail(3)) {
    const bool overlong = first == 0xF0 && second < 0x90;
    const bool too_large = first == 0xF4 && second > 0x8F;
    length = overlong || too_large ? 0 : 4;
  }
  at_ += length;
  return length != 0;
}

bool StrictJson::number() {
  eat('-');
  if (!eat('0') && !digits()) return false;
  if (eat('.') && !digits()) return false;
  if (eat('e') || eat('E')) {
    if (!eat('+')) eat('-');
    return digits();
  }
  return true;
}

bool StrictJson::digits() {
  const std::size_t begin = at_;
  while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
  return at_ > begin;
}

bool StrictJson::word(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) return false;
  at_ += word.size();
  return true;
}

bool StrictJson::eat(char c) {
  if (at_ >= text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

void StrictJson::space() {
  while (at_ < text_.size() &&
         std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
    ++at_;
  }
}

bool rapidjson_accepts(std::string_view text) {
  rapidjson::MemoryStream memory(text.data(), text.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> input(memory);
  rapidjson::BaseReaderHandler<> handler;
  rapidjson::Reader reader;
  return !reader
              .Parse<rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag>(
                  input, handler)
              .IsError();
}

}  // namespace llmtrace_tests
