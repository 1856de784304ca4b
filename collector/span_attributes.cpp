#include "collector/span_attributes.h"

#include "common/src/json_text.h"

namespace llmtrace::collector {
namespace {

void append_member(std::string& out, const std::string& key, const OtlpValue& value) {
  if (out.size() > 1) out += ',';
  append_json_string(out, key);
  out += ':';
  if (value.kind == OtlpValue::Kind::String) {
    append_json_string(out, value.text);
  } else {
    out += value.text;
  }
}

std::optional<std::string> text_of(const OtlpAttributes& attributes, std::string_view name) {
  const auto found = attributes.find(name);
  if (found == attributes.end() || found->second.text.empty()) return std::nullopt;
  return found->second.text;
}

}  // namespace

std::optional<std::string> SpanAttributes::text(Names names) {
  for (const std::string_view name : names) {
    const OtlpValue* value = find(name);
    if (value != nullptr && !value->text.empty()) return value->text;
  }
  return std::nullopt;
}

std::optional<std::string> SpanAttributes::text_or_resource(Names names) {
  for (const std::string_view name : names) {
    if (auto value = text({name})) return value;
    if (auto value = text_of(resource_, name)) return value;
  }
  return std::nullopt;
}

std::optional<std::string> SpanAttributes::resource_text(Names names) const {
  for (const std::string_view name : names) {
    if (auto value = text_of(resource_, name)) return value;
  }
  return std::nullopt;
}

std::optional<bool> SpanAttributes::flag(Names names) {
  const auto value = text(names);
  if (!value) return std::nullopt;
  return *value == "true";
}

std::optional<JsonValue> SpanAttributes::object(Names names) {
  auto value = text(names);
  if (!value) return std::nullopt;
  auto json = JsonValue::parse(*value);
  if (!json || !json->is_object()) return std::nullopt;
  return json;
}

void SpanAttributes::for_each(
    std::string_view prefix,
    const std::function<void(const std::string&, const OtlpValue&)>& visit) {
  for (auto at = span_.lower_bound(prefix); at != span_.end() && at->first.starts_with(prefix);
       ++at) {
    read_.insert(at->first);
    visit(at->first.substr(prefix.size()), at->second);
  }
}

const OtlpValue* SpanAttributes::find(std::string_view name) {
  const auto found = span_.find(name);
  if (found == span_.end()) return nullptr;
  read_.insert(found->first);
  return &found->second;
}

std::string SpanAttributes::unread_json() const {
  std::string text = "{";
  for (const auto& [key, value] : span_) {
    if (!read_.contains(key)) append_member(text, key, value);
  }
  return text + "}";
}

std::string attributes_json(const OtlpAttributes& attributes) {
  std::string text = "{";
  for (const auto& [key, value] : attributes) append_member(text, key, value);
  return text + "}";
}

}  // namespace llmtrace::collector
