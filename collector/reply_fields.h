// ReplyFields writes the members of one object of a reply. Every member is there, null when
// unknown, as the API's schemas ask.
#pragma once

#include <llmtrace/json_writer.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collector/iso_time.h"

namespace llmtrace::collector {

class ReplyFields {
 public:
  explicit ReplyFields(JsonWriter& writer) : writer_(writer) { writer_.begin_object(); }
  ~ReplyFields() { writer_.end_object(); }
  ReplyFields(const ReplyFields&) = delete;
  ReplyFields& operator=(const ReplyFields&) = delete;

  template <class Value>
  void add(std::string_view key, const Value& value) {
    writer_.key(key);
    writer_.value(value);
  }
  void add_null(std::string_view key) {
    writer_.key(key);
    writer_.null();
  }
  void add_time(std::string_view key, std::optional<std::int64_t> unix_ms) {
    unix_ms ? add(key, to_iso_text(*unix_ms)) : add_null(key);
  }
  /// `json` is valid JSON; null when there is none.
  void add_json(std::string_view key, const std::optional<std::string>& json) {
    writer_.key(key);
    writer_.raw(json ? std::string_view(*json) : std::string_view("null"));
  }

 private:
  JsonWriter& writer_;
};

}  // namespace llmtrace::collector
