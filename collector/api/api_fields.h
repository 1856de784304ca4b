// ApiFields writes the members of one object of an /api/ reply: every member is there, null when
// unknown; times from microseconds, durations in milliseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collector/iso_time.h"
#include "collector/reply_fields.h"

namespace llmtrace::collector {

class ApiFields : public ReplyFields {
 public:
  using ReplyFields::ReplyFields;

  void add_time_us(std::string_view key, std::optional<std::int64_t> unix_us) {
    unix_us ? add(key, to_iso_text_us(*unix_us)) : add_null(key);
  }
  void add_ms(std::string_view key, std::optional<std::int64_t> us) {
    us ? add(key, static_cast<double>(*us) / 1000) : add_null(key);
  }
  /// JSON of an object, or {}.
  void add_object(std::string_view key, const std::optional<std::string>& json) {
    add_json(key, json ? json : std::optional<std::string>("{}"));
  }
  void add_array(std::string_view key, const std::optional<std::string>& json) {
    add_json(key, json ? json : std::optional<std::string>("[]"));
  }
};

}  // namespace llmtrace::collector
