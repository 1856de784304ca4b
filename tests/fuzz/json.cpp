// JSON from outside: the bounded reader, and that what it read is written back as the same value.
#include <llmtrace/json.h>

#include "common/src/json_text.h"
#include "common/src/json_value.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz_text(data, size);
  const auto value = llmtrace::JsonValue::parse(text);
  require(value.has_value() == llmtrace::JsonValue::is_valid(text));

  const llmtrace::Json json = llmtrace::Json::from_text(std::string(text));
  require(json.is_string() != value.has_value());
  require(llmtrace::JsonValue::is_valid(json.to_text()));
  if (!value) return 0;

  // Once written, it stays the same; only -0.0 changes on the way there, to the integer 0.
  const auto again = llmtrace::JsonValue::parse(value->to_text());
  require(again.has_value());
  const std::string written = again->to_text();
  const auto third = llmtrace::JsonValue::parse(written);
  require(third && third->to_text() == written);

  llmtrace::JsonObjectReader reader(text);
  std::string key;
  std::string_view member;
  std::size_t members = 0;
  while (reader.next(key, member)) {
    require(llmtrace::JsonValue::is_valid(member));
    ++members;
  }
  require(members == value->members().size());
  return 0;
}
