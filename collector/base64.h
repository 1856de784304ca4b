// Base64 (RFC 4648) for Basic credentials and page cursors.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace llmtrace::collector {

/// With the URL-safe alphabet and without padding, so that the text can stand in a query.
std::string encode_base64url(std::string_view bytes);

/// Reads both alphabets, with or without padding; nothing when `text` is not base64.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace llmtrace::collector
