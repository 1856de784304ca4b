#include "common/src/otlp/json_sink.h"
#include "common/src/otlp/log_encoder.h"

namespace llmtrace {
inline namespace v0 {
namespace {

class JsonLogEncoder final : public LogEncoder {
 public:
  explicit JsonLogEncoder(const OtlpResource& resource)
      : envelope_(json_envelope(resource, {"resourceLogs", "scopeLogs", "logRecords"})) {}

  void encode(const OtlpLog& log, const WriteLogAttributes& attributes,
              std::string& out) const override {
    out.append("{\"attributes\":[");
    JsonSink sink(out);
    const std::uint32_t dropped = attributes(sink);
    out.push_back(']');
    if (dropped != 0) {
      out.append(",\"droppedAttributesCount\":");
      append_json_integer(out, dropped);
    }
    append_time(out, "timeUnixNano", log.time);
    append_time(out, "observedTimeUnixNano", log.time);
    if (log.severity != OtlpSeverity::Unspecified) {
      out.append(",\"severityNumber\":");
      append_json_integer(out, static_cast<std::int64_t>(log.severity));
    }
    append_text(out, "severityText", log.severity_text);
    if (!log.body.empty()) {
      out.append(",\"body\":{\"stringValue\":");
      append_json_string(out, log.body);
      out.push_back('}');
    }
    append_text(out, "eventName", log.event_name);
    if (log.flags != 0) {
      out.append(",\"flags\":");
      append_json_integer(out, log.flags);
    }
    if (log.trace_id != nullptr) append_text(out, "traceId", to_hex(*log.trace_id));
    if (log.span_id != nullptr) append_text(out, "spanId", to_hex(*log.span_id));
    out.push_back('}');
  }

  Envelope envelope(std::size_t /*payload_bytes*/) const override { return envelope_; }
  char separator() const noexcept override { return ','; }

 private:
  const Envelope envelope_;
};

}  // namespace

std::unique_ptr<LogEncoder> make_json_log_encoder(const OtlpResource& resource) {
  return std::make_unique<JsonLogEncoder>(resource);
}

std::unique_ptr<LogEncoder> LogEncoder::make(OtlpEncoding encoding, const OtlpResource& resource) {
  return encoding == OtlpEncoding::Protobuf ? make_protobuf_log_encoder(resource)
                                            : make_json_log_encoder(resource);
}

}  // namespace v0
}  // namespace llmtrace
