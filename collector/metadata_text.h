// Metadata is kept as the real server keeps it: a map from key to text, where a value that is no
// string is the text of its JSON. Reading it back turns text that is JSON into a value again, so a
// string "3" comes back as the number 3, there and here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/json_value.h"

namespace llmtrace::collector {

using Metadata = std::map<std::string, std::string, std::less<>>;

/// A string's own text, or the JSON text of any other value.
std::string plain_text(const JsonValue& value);

/// Adds each member of `object`; a value that is no object is kept under the key "metadata".
void add_metadata(Metadata& metadata, const JsonValue& object);

/// The form in which it is stored: a JSON object of strings; nothing when empty.
std::optional<std::string> stored_metadata(const Metadata& metadata);

/// How much of each value a read shows.
struct MetadataView {
  bool is_truncated = false;            // values longer than 200 characters are cut
  std::vector<std::string> expanded{};  // keys that are shown whole all the same
};

/// Stored metadata as the JSON object that a read returns.
std::string metadata_json(const std::optional<std::string>& stored, const MetadataView& view);

}  // namespace llmtrace::collector
