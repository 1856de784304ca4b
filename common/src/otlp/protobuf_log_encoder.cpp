#include "common/src/otlp/log_encoder.h"
#include "common/src/otlp/protobuf_sink.h"
#include "common/src/otlp/span_encoder_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using protobuf::Field;
using protozero::pbf_writer;

enum LogField : Field {
  kTime = 1,
  kSeverity = 2,
  kSeverityText = 3,
  kBody = 5,
  kAttributes = 6,
  kDroppedAttributes = 7,
  kFlags = 8,
  kTraceId = 9,
  kSpanId = 10,
  kObservedTime = 11,
  kEventName = 12
};
constexpr Field kStringValue = 1;  // of AnyValue

class ProtobufLogEncoder final : public LogEncoder {
 public:
  explicit ProtobufLogEncoder(const OtlpResource& resource) : envelope_(resource) {}

  void encode(const OtlpLog& log, const WriteLogAttributes& attributes,
              std::string& out) const override {
    pbf_writer scope_logs(out);
    pbf_writer record(scope_logs, protobuf::kScopeItems);
    const std::uint64_t time = unix_nanoseconds(log.time);
    record.add_fixed64(kTime, time);
    record.add_fixed64(kObservedTime, time);
    if (log.severity != OtlpSeverity::Unspecified) {
      record.add_enum(kSeverity, static_cast<std::int32_t>(log.severity));
    }
    protobuf::add_text(out, kSeverityText, log.severity_text);
    if (!log.body.empty()) {
      const protobuf::Utf8 body(log.body);
      protobuf::add_head(out, kBody, protobuf::string_field_size(body.text().size()));
      protobuf::add_string(out, kStringValue, body.text());
    }
    protobuf::ProtobufSink sink(out, kAttributes);
    const std::uint32_t dropped = attributes(sink);
    if (dropped != 0) record.add_uint32(kDroppedAttributes, dropped);
    if (log.flags != 0) record.add_fixed32(kFlags, log.flags);
    if (log.trace_id != nullptr) protobuf::add_id(record, kTraceId, *log.trace_id);
    if (log.span_id != nullptr) protobuf::add_id(record, kSpanId, *log.span_id);
    protobuf::add_text(out, kEventName, log.event_name);
  }

  Envelope envelope(std::size_t payload_bytes) const override {
    return envelope_.around(payload_bytes);
  }
  char separator() const noexcept override { return 0; }

 private:
  const protobuf::ProtobufEnvelope envelope_;
};

}  // namespace

std::unique_ptr<LogEncoder> make_protobuf_log_encoder(const OtlpResource& resource) {
  return std::make_unique<ProtobufLogEncoder>(resource);
}

}  // namespace v0
}  // namespace llmtrace
