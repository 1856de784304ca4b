#include "common/src/otlp/json_sink.h"
#include "common/src/otlp/span_encoder_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

class JsonSpanEncoder final : public SpanEncoder {
 public:
  JsonSpanEncoder(const OtlpResource& resource, AttributeMapper mapper)
      : mapper_(std::move(mapper)),
        envelope_(json_envelope(resource, {"resourceSpans", "scopeSpans", "spans"})) {}

  std::uint64_t encode(const Record& record, std::string& out) const override {
    out.append("{\"traceId\":\"");
    append_hex(out, record.trace_id.data(), record.trace_id.size());
    out.append("\",\"spanId\":\"");
    append_hex(out, record.span_id.data(), record.span_id.size());
    if (record.has_parent) {
      out.append("\",\"parentSpanId\":\"");
      append_hex(out, record.parent_span_id.data(), record.parent_span_id.size());
    }
    out.append("\",\"name\":");
    append_json_string(out, span_name(record));
    out.append(",\"kind\":1");
    append_time(out, "startTimeUnixNano", record.start_time);
    append_time(out, "endTimeUnixNano", record.end_time);
    out.append(",\"attributes\":[");
    JsonSink sink(out);
    const std::uint64_t invalid = mapper_(record, sink);
    out.push_back(']');
    if (record.level == Level::Error) {
      out.append(",\"status\":{\"code\":2");
      if (!record.status_message.empty()) {
        out.append(",\"message\":");
        append_json_string(out, record.status_message);
      }
      out.push_back('}');
    }
    out.push_back('}');
    return invalid;
  }

  Envelope envelope(std::size_t /*payload_bytes*/) const override { return envelope_; }
  std::string content_type() const override { return "application/json"; }
  char separator() const noexcept override { return ','; }

 private:
  AttributeMapper mapper_;
  const Envelope envelope_;
};

}  // namespace

std::unique_ptr<SpanEncoder> make_json_span_encoder(const OtlpResource& resource,
                                                    AttributeMapper mapper) {
  return std::make_unique<JsonSpanEncoder>(resource, std::move(mapper));
}

std::unique_ptr<SpanEncoder> SpanEncoder::make(OtlpEncoding encoding, const OtlpResource& resource,
                                               AttributeMapper mapper) {
  return encoding == OtlpEncoding::Protobuf
             ? make_protobuf_span_encoder(resource, std::move(mapper))
             : make_json_span_encoder(resource, std::move(mapper));
}

}  // namespace v0
}  // namespace llmtrace
