// Pieces of JSON text, for encoders that know the shape of what they write.
#pragma once

#include <llmtrace/export.h>
#include <llmtrace/json.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace llmtrace {
inline namespace v0 {

/// Appends `text` quoted and escaped; bytes that are not UTF-8 become U+FFFD.
LLMTRACE_EXPORT void append_json_string(std::string& out, std::string_view text);
LLMTRACE_EXPORT void append_json_integer(std::string& out, std::int64_t value);
/// Null when `value` is not finite.
LLMTRACE_EXPORT void append_json_number(std::string& out, double value);
/// Appends the value as JSON text; "null" when absent. A container with more than `max_depth`
/// levels above and including it becomes JsonWriter::kTooDeepMark.
LLMTRACE_EXPORT void append_json(std::string& out, const Json& value,
                                 int max_depth = JsonWriter::kMaxDepth);

/// Walks the members of a JSON object without building a tree. `next` gives each key (unescaped)
/// and the text of its value as it stands in the source. For text that is known to be valid JSON.
class LLMTRACE_EXPORT JsonObjectReader {
 public:
  explicit JsonObjectReader(std::string_view object) noexcept;
  /// False at the end, or when the text is no object.
  bool next(std::string& key, std::string_view& value);
  /// The same with the key as it stands in the source, quotes included.
  bool next_literal(std::string_view& key, std::string_view& value) noexcept;

 private:
  std::string_view rest_;
};

/// The text that a JSON string literal (quotes included) stands for.
LLMTRACE_EXPORT std::string unescape_json_string(std::string_view literal);
/// The same without a copy where the literal holds no escape: a view of it, or else of `buffer`.
LLMTRACE_EXPORT std::string_view unescape_json_string(std::string_view literal,
                                                      std::string& buffer);

/// Length of the JSON value at the start of valid JSON `text`.
std::size_t json_value_length(std::string_view text) noexcept;

}  // namespace v0
}  // namespace llmtrace
