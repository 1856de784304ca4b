// BodyWriter writes one JSON object member by member and leaves out what was not given.
#pragma once

#include <llmtrace/clock.h>

#include <string>
#include <string_view>

#include "common/src/json_text.h"
#include "common/src/time_text.h"

namespace langfuse {
inline namespace v0 {

class BodyWriter {
 public:
  explicit BodyWriter(std::string& out) : out_(out) { out_.push_back('{'); }
  void close() { out_.push_back('}'); }

  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) string(key, value);
  }
  void string(std::string_view key, std::string_view value) {
    begin(key);
    llmtrace::append_json_string(out_, value);
  }
  void json(std::string_view key, const llmtrace::Json& value) {
    if (value.is_absent()) return;
    begin(key);
    llmtrace::append_json(out_, value);
  }
  void raw(std::string_view key, std::string_view json_text) {
    begin(key);
    out_.append(json_text);
  }
  void number(std::string_view key, double value) {
    begin(key);
    llmtrace::append_json_number(out_, value);
  }
  void time(std::string_view key, llmtrace::Timestamp value) {
    begin(key);
    out_.push_back('"');
    llmtrace::append_rfc3339(out_, value);
    out_.push_back('"');
  }

 private:
  void begin(std::string_view key) {
    out_.append(first_ ? "\"" : ",\"");
    first_ = false;
    out_.append(key).append("\":");
  }

  std::string& out_;
  bool first_ = true;
};

}  // namespace v0
}  // namespace langfuse
