#include "common/src/otlp/protobuf_sink.h"
#include "common/src/otlp/span_encoder_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using protobuf::add_head;
using protobuf::add_id;
using protobuf::add_string;
using protobuf::Field;
using protobuf::ProtobufSink;
using protobuf::string_field_size;
using protobuf::Utf8;
using protozero::pbf_writer;

// Field numbers, by message.
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

class ProtobufSpanEncoder final : public SpanEncoder {
 public:
  ProtobufSpanEncoder(const OtlpResource& resource, std::unique_ptr<SpanMapper> mapper)
      : mapper_(std::move(mapper)), envelope_(resource) {}

  std::uint64_t encode(const Record& record, std::string& out) const override {
    const SpanHead head = mapper_->head(record);
    pbf_writer scope_spans(out);
    pbf_writer span(scope_spans, protobuf::kScopeItems);
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
    return envelope_.around(payload_bytes);
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
  const protobuf::ProtobufEnvelope envelope_;
};

}  // namespace

std::unique_ptr<SpanEncoder> make_protobuf_span_encoder(const OtlpResource& resource,
                                                        std::unique_ptr<SpanMapper> mapper) {
  return std::make_unique<ProtobufSpanEncoder>(resource, std::move(mapper));
}

}  // namespace v0
}  // namespace llmtrace
