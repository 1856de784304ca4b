// Reading JSON that came from outside, with RapidJSON. Its parser recurses, so depth is checked
// first.
#pragma once

#include <rapidjson/document.h>

#include <optional>
#include <string>
#include <string_view>

namespace samples {

/// Nothing when the text is no JSON, holds invalid UTF-8 or is nested more than 64 deep.
std::optional<rapidjson::Document> parse_json(std::string_view text);

/// The member of that name; a null value when there is none, or `object` is no object.
const rapidjson::Value& member(const rapidjson::Value& object, const char* name);

/// A string as it is, null as the empty text, anything else as JSON text.
std::string text_of(const rapidjson::Value& value);

/// The element's members or elements, for loops: empty when it has none.
rapidjson::Value::ConstArray elements_of(const rapidjson::Value& value);
rapidjson::Value::ConstObject members_of(const rapidjson::Value& value);

}  // namespace samples
