// Any bytes as a JSON string: the text is valid JSON and valid UTF-8, and valid UTF-8 survives
// unchanged.
#include <string>

#include "common/src/json_text.h"
#include "common/src/json_value.h"
#include "common/src/utf8.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz_text(data, size);
  std::string repaired;
  llmtrace::append_utf8(repaired, text);
  require(llmtrace::is_utf8(repaired));
  require(llmtrace::is_utf8(text) == (repaired == text));

  std::string literal;
  llmtrace::append_json_string(literal, text);
  const auto value = llmtrace::JsonValue::parse(literal);
  require(value && value->as_string() == repaired);
  require(llmtrace::unescape_json_string(literal) == repaired);

  const std::string_view prefix = llmtrace::utf8_prefix(repaired, size / 2);
  require(prefix.size() <= size / 2 || repaired.size() <= size / 2);
  require(llmtrace::is_utf8(prefix));
  return 0;
}
