// UUIDs as LangSmith writes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace llmtrace::collector {

/// The UUID in lower case; nothing when `text` is not 8-4-4-4-12 hexadecimal digits.
std::optional<std::string> read_uuid(std::string_view text);

/// The UUID that belongs to a name, always the same.
std::string uuid_of_name(std::string_view name);

}  // namespace llmtrace::collector
