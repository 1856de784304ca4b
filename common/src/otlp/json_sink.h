// What the JSON encodings of spans, log records and metrics share: attributes, times, and what
// stands around a request's items.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/encoder.h"
#include "common/src/json_text.h"
#include "common/src/otlp/attribute_sink.h"
#include "common/src/otlp/span_encoder_impl.h"

namespace llmtrace {
inline namespace v0 {

class JsonSink final : public AttributeSink {
 public:
  explicit JsonSink(std::string& out) : out_(out) {}

  void string(std::string_view key, std::string_view value) override {
    begin(key, "stringValue");
    append_json_string(out_, value);
    out_.append("}}");
  }
  void boolean(std::string_view key, bool value) override {
    begin(key, "boolValue");
    out_.append(value ? "true}}" : "false}}");
  }
  // 64-bit integers are decimal strings in proto3 JSON.
  void integer(std::string_view key, std::int64_t value) override {
    begin(key, "intValue");
    out_.push_back('"');
    append_json_integer(out_, value);
    out_.append("\"}}");
  }
  void number(std::string_view key, double value) override {
    begin(key, "doubleValue");
    append_json_number(out_, value);
    out_.append("}}");
  }
  void strings(std::string_view key, const std::vector<std::string>& values) override {
    if (values.empty()) return;
    begin(key, "arrayValue");
    out_.append("{\"values\":[");
    bool first = true;
    for (const std::string& value : values) {
      out_.append(first ? "{\"stringValue\":" : ",{\"stringValue\":");
      first = false;
      append_json_string(out_, value);
      out_.push_back('}');
    }
    out_.append("]}}}");
  }

 private:
  void begin(std::string_view key, std::string_view type) {
    out_.append(first_ ? "{\"key\":" : ",{\"key\":");
    first_ = false;
    append_json_string(out_, key);
    out_.append(",\"value\":{\"").append(type).append("\":");
  }

  std::string& out_;
  bool first_ = true;
};

/// ,"key":"nanoseconds"
inline void append_time(std::string& out, std::string_view key, Timestamp time) {
  out.append(",\"").append(key).append("\":\"");
  out.append(std::to_string(unix_nanoseconds(time)));
  out.push_back('"');
}

/// ,"key":"text"; nothing when empty
inline void append_text(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  out.append(",\"").append(key).append("\":");
  append_json_string(out, text);
}

/// How a signal's request is called: {"resourceSpans", "scopeSpans", "spans"}.
struct JsonRequestNames {
  std::string_view resources;
  std::string_view scopes;
  std::string_view items;
};

inline Envelope json_envelope(const OtlpResource& resource, const JsonRequestNames& names) {
  Envelope envelope;
  std::string& prefix = envelope.prefix;
  prefix.append("{\"").append(names.resources).append("\":[{\"resource\":{\"attributes\":[");
  JsonSink sink(prefix);
  for (const auto& [key, value] : resource.attributes) sink.string(key, value);
  prefix.append("]},\"").append(names.scopes).append("\":[{\"scope\":{\"name\":");
  append_json_string(prefix, resource.scope_name);
  prefix.append(",\"version\":");
  append_json_string(prefix, resource.scope_version);
  prefix.append("},\"").append(names.items).append("\":[");
  envelope.suffix = "]}]}]}";
  return envelope;
}

}  // namespace v0
}  // namespace llmtrace
