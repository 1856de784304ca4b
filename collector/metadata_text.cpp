#include "collector/metadata_text.h"

#include <algorithm>

#include "common/src/json_text.h"
#include "common/src/utf8.h"

namespace llmtrace::collector {
namespace {

constexpr std::size_t kShownBytes = 200;
// Less than the depth that readers accept, because the value stands inside a reply.
constexpr int kValueDepth = JsonValue::kDefaultMaxDepth - 8;

void append_value(std::string& out, const std::string& text, bool is_cut) {
  if (is_cut && text.size() > kShownBytes) {
    append_json_string(out, utf8_prefix(text, kShownBytes));
  } else if (JsonValue::is_valid(text, kValueDepth)) {
    out.append(text);
  } else {
    append_json_string(out, text);
  }
}

}  // namespace

std::string plain_text(const JsonValue& value) {
  return value.is_string() ? value.as_string() : value.to_text();
}

void add_metadata(Metadata& metadata, const JsonValue& object) {
  if (object.is_null()) return;
  if (!object.is_object()) {
    metadata.insert_or_assign("metadata", plain_text(object));
    return;
  }
  for (const JsonValue::Member& member : object.members()) {
    metadata.insert_or_assign(member.first, plain_text(member.second));
  }
}

std::optional<std::string> stored_metadata(const Metadata& metadata) {
  if (metadata.empty()) return std::nullopt;
  std::string text;
  for (const auto& [key, value] : metadata) {
    text += text.empty() ? '{' : ',';
    append_json_string(text, key);
    text += ':';
    append_json_string(text, value);
  }
  return text + "}";
}

std::string metadata_json(const std::optional<std::string>& stored, const MetadataView& view) {
  const auto object = JsonValue::parse(stored.value_or("{}"));
  std::string text = "{";
  if (!object) return "{}";
  for (const JsonValue::Member& member : object->members()) {
    if (text.size() > 1) text += ',';
    append_json_string(text, member.first);
    text += ':';
    const bool is_expanded =
        std::find(view.expanded.begin(), view.expanded.end(), member.first) != view.expanded.end();
    append_value(text, member.second.as_string(), view.is_truncated && !is_expanded);
  }
  return text + "}";
}

}  // namespace llmtrace::collector
