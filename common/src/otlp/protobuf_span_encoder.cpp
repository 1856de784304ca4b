#include <chrono>
#include <protozero/pbf_writer.hpp>

#include "common/src/otlp/span_encoder_impl.h"
#include "common/src/utf8.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using protozero::pbf_writer;
using Field = protozero::pbf_tag_type;

// Field numbers, by message.
enum RequestField : Field { kResourceSpans = 1 };
enum ResourceSpansField : Field { kResource = 1, kScopeSpans = 2 };
enum ResourceField : Field { kResourceAttributes = 1 };
enum ScopeSpansField : Field { kScope = 1, kSpans = 2 };
enum ScopeField : Field { kScopeName = 1, kScopeVersion = 2 };
enum SpanField : Field {
  kTraceId = 1,
  kSpanId = 2,
  kTraceState = 3,
  kParentSpanId = 4,
  kName = 5,
  kKind = 6,
  kStart = 7,
  kEnd = 8,
  kAttributes = 9,
  kDroppedAttributes = 10,
  kEvents = 11,
  kDroppedEvents = 12,
  kStatus = 15,
  kFlags = 16
};
enum EventField : Field { kEventTime = 1, kEventName = 2, kEventAttributes = 3 };
enum StatusField : Field { kMessage = 2, kCode = 3 };
enum KeyValueField : Field { kKey = 1, kValue = 2 };
enum AnyValueField : Field { kString = 1, kBool = 2, kInt = 3, kDouble = 4, kArray = 5 };
enum ArrayValueField : Field { kArrayValues = 1 };

// A string field takes its tag (one byte for these numbers), its length and its bytes.
std::size_t string_field_size(std::size_t length) {
  return 1 + static_cast<std::size_t>(protozero::length_of_varint(length)) + length;
}

// Text from outside may hold bytes that are no UTF-8, which protobuf forbids.
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

// Tag and length of a field whose bytes follow.
void add_head(std::string& out, Field field, std::size_t length) {
  constexpr std::uint32_t kLengthDelimited = 2;
  protozero::write_varint(std::back_inserter(out), (field << 3U) | kLengthDelimited);
  protozero::write_varint(std::back_inserter(out), length);
}

void add_string(std::string& out, Field field, std::string_view text) {
  add_head(out, field, text.size());
  out.append(text);
}

// Writes KeyValue messages. Their sizes are computed first, so that every byte is written once:
// protozero's own nesting would move each value back when its length is known.
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
  // KeyValue up to the content of its AnyValue, which takes `value_size` bytes.
  void begin(std::string_view key, std::size_t value_size) {
    add_head(out_, field_, string_field_size(key.size()) + string_field_size(value_size));
    add_string(out_, KeyValueField::kKey, key);
    add_head(out_, KeyValueField::kValue, value_size);
  }

  std::string& out_;
  Field field_;
};

class ProtobufEventSink final : public EventSink {
 public:
  explicit ProtobufEventSink(std::string& out) : out_(out) {}

  void event(std::string_view name, Timestamp time, const WriteAttributes& attributes) override {
    const Utf8 text(name);
    attributes_.clear();
    ProtobufSink sink(attributes_, EventField::kEventAttributes);
    attributes(sink);
    add_head(
        out_, SpanField::kEvents,
        1 + sizeof(std::uint64_t) + string_field_size(text.text().size()) + attributes_.size());
    pbf_writer(out_).add_fixed64(EventField::kEventTime, unix_nanoseconds(time));
    add_string(out_, EventField::kEventName, text.text());
    out_.append(attributes_);
  }

 private:
  std::string& out_;
  std::string attributes_;
};

template <std::size_t Size>
void add_id(pbf_writer& writer, Field field, const std::array<std::uint8_t, Size>& id) {
  writer.add_bytes(field, reinterpret_cast<const char*>(id.data()), id.size());  // NOLINT
}

class ProtobufSpanEncoder final : public SpanEncoder {
 public:
  ProtobufSpanEncoder(const OtlpResource& resource, std::unique_ptr<SpanMapper> mapper)
      : mapper_(std::move(mapper)) {
    pbf_writer spans(resource_);
    {
      const pbf_writer message(spans, ResourceSpansField::kResource);
      ProtobufSink sink(resource_, ResourceField::kResourceAttributes);
      for (const auto& [key, value] : resource.attributes) sink.string(key, value);
    }
    pbf_writer scope_spans(scope_);
    pbf_writer scope(scope_spans, ScopeSpansField::kScope);
    scope.add_string(ScopeField::kScopeName, resource.scope_name);
    scope.add_string(ScopeField::kScopeVersion, resource.scope_version);
  }

  std::uint64_t encode(const Record& record, std::string& out) const override {
    const SpanHead head = mapper_->head(record);
    pbf_writer scope_spans(out);
    pbf_writer span(scope_spans, ScopeSpansField::kSpans);
    add_id(span, SpanField::kTraceId, record.trace_id);
    add_id(span, SpanField::kSpanId, record.span_id);
    if (record.has_parent) add_id(span, SpanField::kParentSpanId, record.parent_span_id);
    if (head.has_context) add_context(span, record);
    const Utf8 name(head.name);
    span.add_string(SpanField::kName, name.text().data(), name.text().size());
    span.add_enum(SpanField::kKind, static_cast<std::int32_t>(head.kind));
    span.add_fixed64(SpanField::kStart, unix_nanoseconds(record.start_time));
    span.add_fixed64(SpanField::kEnd, unix_nanoseconds(record.end_time));
    ProtobufSink sink(out, SpanField::kAttributes);
    const std::uint64_t invalid = mapper_->attributes(record, sink);
    ProtobufEventSink events(out);
    mapper_->events(record, events);
    const DroppedCounts dropped = mapper_->dropped();
    if (dropped.attributes > 0) span.add_uint32(SpanField::kDroppedAttributes, dropped.attributes);
    if (dropped.events > 0) span.add_uint32(SpanField::kDroppedEvents, dropped.events);
    if (record.level == Level::Error) add_status(span, record.status_message);
    return invalid;
  }

  Envelope envelope(std::size_t payload_bytes) const override {
    Envelope envelope;
    const std::size_t scope_spans = scope_.size() + payload_bytes;
    add_head(envelope.prefix, RequestField::kResourceSpans,
             resource_.size() + string_field_size(scope_spans));
    envelope.prefix.append(resource_);
    add_head(envelope.prefix, ResourceSpansField::kScopeSpans, scope_spans);
    envelope.prefix.append(scope_);
    return envelope;
  }

  std::string content_type() const override { return "application/x-protobuf"; }
  char separator() const noexcept override { return 0; }

 private:
  static void add_context(pbf_writer& span, const Record& record) {
    const std::string_view state = trace_state(record);  // checked: printable ASCII
    if (!state.empty()) span.add_string(SpanField::kTraceState, state.data(), state.size());
    span.add_fixed32(SpanField::kFlags, span_flags(record));
  }
  static void add_status(pbf_writer& span, std::string_view text) {
    pbf_writer status(span, SpanField::kStatus);
    const Utf8 message(text);
    if (!message.text().empty()) {
      status.add_string(StatusField::kMessage, message.text().data(), message.text().size());
    }
    status.add_enum(StatusField::kCode, kStatusError);
  }

  std::unique_ptr<SpanMapper> mapper_;
  std::string resource_;  // the resource field of ResourceSpans
  std::string scope_;     // the scope field of ScopeSpans
};

}  // namespace

std::unique_ptr<SpanEncoder> make_protobuf_span_encoder(const OtlpResource& resource,
                                                        std::unique_ptr<SpanMapper> mapper) {
  return std::make_unique<ProtobufSpanEncoder>(resource, std::move(mapper));
}

}  // namespace v0
}  // namespace llmtrace
