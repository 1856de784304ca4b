#include "common/src/otlp/protobuf_sink.h"
#include "common/src/otlp/span_encoder_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using protobuf::Field;
using protobuf::ProtobufSink;
using protobuf::Utf8;
using protozero::pbf_writer;

// Field numbers, by message.
enum SpanField : Field {
  kTraceId = 1,
  kSpanId = 2,
  kParentSpanId = 4,
  kName = 5,
  kKind = 6,
  kStart = 7,
  kEnd = 8,
  kAttributes = 9,
  kStatus = 15
};
enum StatusField : Field { kMessage = 2, kCode = 3 };

class ProtobufSpanEncoder final : public SpanEncoder {
 public:
  ProtobufSpanEncoder(const OtlpResource& resource, AttributeMapper mapper)
      : mapper_(std::move(mapper)), envelope_(resource) {}

  std::uint64_t encode(const Record& record, std::string& out) const override {
    pbf_writer scope_spans(out);
    pbf_writer span(scope_spans, protobuf::kScopeItems);
    protobuf::add_id(span, SpanField::kTraceId, record.trace_id);
    protobuf::add_id(span, SpanField::kSpanId, record.span_id);
    if (record.has_parent) protobuf::add_id(span, SpanField::kParentSpanId, record.parent_span_id);
    const Utf8 name(span_name(record));
    span.add_string(SpanField::kName, name.text().data(), name.text().size());
    span.add_enum(SpanField::kKind, kSpanKindInternal);
    span.add_fixed64(SpanField::kStart, unix_nanoseconds(record.start_time));
    span.add_fixed64(SpanField::kEnd, unix_nanoseconds(record.end_time));
    ProtobufSink sink(out, SpanField::kAttributes);
    const std::uint64_t invalid = mapper_(record, sink);
    if (record.level == Level::Error) {
      pbf_writer status(span, SpanField::kStatus);
      const Utf8 message(record.status_message);
      if (!message.text().empty()) {
        status.add_string(StatusField::kMessage, message.text().data(), message.text().size());
      }
      status.add_enum(StatusField::kCode, kStatusError);
    }
    return invalid;
  }

  Envelope envelope(std::size_t payload_bytes) const override {
    return envelope_.around(payload_bytes);
  }

  std::string content_type() const override { return "application/x-protobuf"; }
  char separator() const noexcept override { return 0; }

 private:
  AttributeMapper mapper_;
  const protobuf::ProtobufEnvelope envelope_;
};

}  // namespace

std::unique_ptr<SpanEncoder> make_protobuf_span_encoder(const OtlpResource& resource,
                                                        AttributeMapper mapper) {
  return std::make_unique<ProtobufSpanEncoder>(resource, std::move(mapper));
}

}  // namespace v0
}  // namespace llmtrace
