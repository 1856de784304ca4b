// What the protobuf encodings of spans, log records and metrics share: attributes, and what stands
// around a request's items. The three requests have the same shape and the same field numbers up to
// their items.
#pragma once

#include <array>
#include <cstdint>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/encoder.h"
#include "common/src/otlp/attribute_sink.h"
#include "common/src/utf8.h"

namespace llmtrace {
inline namespace v0 {
namespace protobuf {

using protozero::pbf_writer;
using Field = protozero::pbf_tag_type;

/// A string field takes its tag (one byte for numbers below 16), its length and its bytes.
inline std::size_t string_field_size(std::size_t length) {
  return 1 + static_cast<std::size_t>(protozero::length_of_varint(length)) + length;
}

/// Text from outside may hold bytes that are no UTF-8, which protobuf forbids.
class Utf8 {
 public:
  explicit Utf8(std::string_view text) : text_(text) {
    if (!is_utf8(text)) {
      append_utf8(repaired_, text);
      text_ = repaired_;
    }
  }
  std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
  std::string repaired_;
};

/// Tag and length of a field whose bytes follow.
inline void add_head(std::string& out, Field field, std::size_t length) {
  constexpr std::uint32_t kLengthDelimited = 2;
  protozero::write_varint(std::back_inserter(out), (field << 3U) | kLengthDelimited);
  protozero::write_varint(std::back_inserter(out), length);
}

inline void add_string(std::string& out, Field field, std::string_view text) {
  add_head(out, field, text.size());
  out.append(text);
}

/// Nothing when empty, as protobuf has it.
inline void add_text(std::string& out, Field field, std::string_view text) {
  if (!text.empty()) add_string(out, field, Utf8(text).text());
}

template <std::size_t Size>
void add_id(pbf_writer& writer, Field field, const std::array<std::uint8_t, Size>& id) {
  writer.add_bytes(field, reinterpret_cast<const char*>(id.data()), id.size());  // NOLINT
}

/// Writes KeyValue messages. Their sizes are computed first, so that every byte is written once:
/// protozero's own nesting would move each value back when its length is known.
class ProtobufSink final : public AttributeSink {
 public:
  ProtobufSink(std::string& out, Field field) : out_(out), field_(field) {}

  void string(std::string_view key, std::string_view value) override {
    const Utf8 text(value);
    begin(key, string_field_size(text.text().size()));
    add_string(out_, AnyValueField::kString, text.text());
  }
  void boolean(std::string_view key, bool value) override {
    constexpr std::size_t kSize = 2;  // tag and one byte
    begin(key, kSize);
    pbf_writer(out_).add_bool(AnyValueField::kBool, value);
  }
  void integer(std::string_view key, std::int64_t value) override {
    const auto length = protozero::length_of_varint(static_cast<std::uint64_t>(value));
    begin(key, 1 + static_cast<std::size_t>(length));
    pbf_writer(out_).add_int64(AnyValueField::kInt, value);
  }
  void number(std::string_view key, double value) override {
    begin(key, 1 + sizeof value);
    pbf_writer(out_).add_double(AnyValueField::kDouble, value);
  }
  void strings(std::string_view key, const std::vector<std::string>& values) override {
    if (values.empty()) return;
    std::string array;
    for (const std::string& value : values) {
      const Utf8 text(value);
      add_head(array, ArrayValueField::kArrayValues, string_field_size(text.text().size()));
      add_string(array, AnyValueField::kString, text.text());
    }
    begin(key, string_field_size(array.size()));
    add_string(out_, AnyValueField::kArray, array);
  }

 private:
  enum KeyValueField : Field { kKey = 1, kValue = 2 };
  enum AnyValueField : Field { kString = 1, kBool = 2, kInt = 3, kDouble = 4, kArray = 5 };
  enum ArrayValueField : Field { kArrayValues = 1 };

  // KeyValue up to the content of its AnyValue, which takes `value_size` bytes.
  void begin(std::string_view key, std::size_t value_size) {
    add_head(out_, field_, string_field_size(key.size()) + string_field_size(value_size));
    add_string(out_, KeyValueField::kKey, key);
    add_head(out_, KeyValueField::kValue, value_size);
  }

  std::string& out_;
  Field field_;
};

/// The field number of a request's items in ScopeSpans, ScopeLogs and ScopeMetrics.
inline constexpr Field kScopeItems = 2;

/// A request up to its items: Export...Request, Resource..., Scope....
class ProtobufEnvelope {
 public:
  explicit ProtobufEnvelope(const OtlpResource& resource) {
    pbf_writer outer(resource_);
    {
      const pbf_writer message(outer, kResource);
      ProtobufSink sink(resource_, kResourceAttributes);
      for (const auto& [key, value] : resource.attributes) sink.string(key, value);
    }
    pbf_writer items(scope_);
    pbf_writer scope(items, kScope);
    scope.add_string(kScopeName, resource.scope_name);
    scope.add_string(kScopeVersion, resource.scope_version);
  }

  Envelope around(std::size_t payload_bytes) const {
    Envelope envelope;
    const std::size_t scope_items = scope_.size() + payload_bytes;
    add_head(envelope.prefix, kResourceItems, resource_.size() + string_field_size(scope_items));
    envelope.prefix.append(resource_);
    add_head(envelope.prefix, kScopes, scope_items);
    envelope.prefix.append(scope_);
    return envelope;
  }

 private:
  enum RequestField : Field { kResourceItems = 1 };
  enum ResourceItemsField : Field { kResource = 1, kScopes = 2 };
  enum ResourceField : Field { kResourceAttributes = 1 };
  enum ScopeItemsField : Field { kScope = 1 };
  enum ScopeField : Field { kScopeName = 1, kScopeVersion = 2 };

  std::string resource_;  // the resource field
  std::string scope_;     // the scope field
};

}  // namespace protobuf
}  // namespace v0
}  // namespace llmtrace
