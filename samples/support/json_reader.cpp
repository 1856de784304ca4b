#include "samples/support/json_reader.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace samples {
namespace {

constexpr int kMaxDepth = 64;

bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

const rapidjson::Value& empty(rapidjson::Type type) {
  static const rapidjson::Value null_value(rapidjson::kNullType);
  static const rapidjson::Value array(rapidjson::kArrayType);
  static const rapidjson::Value object(rapidjson::kObjectType);
  return type == rapidjson::kArrayType    ? array
         : type == rapidjson::kObjectType ? object
                                          : null_value;
}

}  // namespace

std::optional<rapidjson::Document> parse_json(std::string_view text) {
  if (is_too_deep(text)) return std::nullopt;
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag | rapidjson::kParseFullPrecisionFlag>(
      text.data(), text.size());
  if (document.HasParseError()) return std::nullopt;
  return document;
}

const rapidjson::Value& member(const rapidjson::Value& object, const char* name) {
  if (!object.IsObject()) return empty(rapidjson::kNullType);
  const auto found = object.FindMember(name);
  return found == object.MemberEnd() ? empty(rapidjson::kNullType) : found->value;
}

std::string text_of(const rapidjson::Value& value) {
  if (value.IsNull()) return "";
  if (value.IsString()) return {value.GetString(), value.GetStringLength()};
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

rapidjson::Value::ConstArray elements_of(const rapidjson::Value& value) {
  return (value.IsArray() ? value : empty(rapidjson::kArrayType)).GetArray();
}

rapidjson::Value::ConstObject members_of(const rapidjson::Value& value) {
  return (value.IsObject() ? value : empty(rapidjson::kObjectType)).GetObject();
}

}  // namespace samples
