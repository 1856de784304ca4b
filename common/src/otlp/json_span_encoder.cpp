#include "common/src/otlp/json_sink.h"
#include "common/src/otlp/span_encoder_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

class JsonEventSink final : public EventSink {
 public:
  explicit JsonEventSink(std::string& out) : out_(out) {}

  void event(std::string_view name, Timestamp time, const WriteAttributes& attributes) override {
    out_.append(any_ ? ",{\"name\":" : ",\"events\":[{\"name\":");
    any_ = true;
    append_json_string(out_, name);
    append_time(out_, "timeUnixNano", time);
    out_.append(",\"attributes\":[");
    JsonSink sink(out_);
    attributes(sink);
    out_.append("]}");
  }
  void close() {
    if (any_) out_.push_back(']');
  }

 private:
  std::string& out_;
  bool any_ = false;
};

void append_count(std::string& out, std::string_view key, std::uint32_t count) {
  if (count == 0) return;
  out.append(",\"").append(key).append("\":");
  append_json_integer(out, count);
}

void append_status(std::string& out, std::string_view message) {
  out.append(",\"status\":{\"code\":2");
  if (!message.empty()) {
    out.append(",\"message\":");
    append_json_string(out, message);
  }
  out.push_back('}');
}

void append_context(std::string& out, const Record& record) {
  if (const std::string_view state = trace_state(record); !state.empty()) {
    out.append(",\"traceState\":");
    append_json_string(out, state);
  }
  append_count(out, "flags", span_flags(record));
}

class JsonSpanEncoder final : public SpanEncoder {
 public:
  JsonSpanEncoder(const OtlpResource& resource, std::unique_ptr<SpanMapper> mapper)
      : mapper_(std::move(mapper)),
        envelope_(json_envelope(resource, {"resourceSpans", "scopeSpans", "spans"})) {}

  std::uint64_t encode(const Record& record, std::string& out) const override {
    const SpanHead head = mapper_->head(record);
    out.append("{\"traceId\":\"");
    append_hex(out, record.trace_id.data(), record.trace_id.size());
    out.append("\",\"spanId\":\"");
    append_hex(out, record.span_id.data(), record.span_id.size());
    out.push_back('"');
    if (record.has_parent) {
      out.append(",\"parentSpanId\":\"");
      append_hex(out, record.parent_span_id.data(), record.parent_span_id.size());
      out.push_back('"');
    }
    if (head.has_context) append_context(out, record);
    out.append(",\"name\":");
    append_json_string(out, head.name);
    append_count(out, "kind", static_cast<std::uint32_t>(head.kind));
    append_time(out, "startTimeUnixNano", record.start_time);
    append_time(out, "endTimeUnixNano", record.end_time);
    out.append(",\"attributes\":[");
    JsonSink sink(out);
    const std::uint64_t invalid = mapper_->attributes(record, sink);
    out.push_back(']');
    JsonEventSink events(out);
    mapper_->events(record, events);
    events.close();
    const DroppedCounts dropped = mapper_->dropped();
    append_count(out, "droppedAttributesCount", dropped.attributes);
    append_count(out, "droppedEventsCount", dropped.events);
    if (record.level == Level::Error) append_status(out, record.status_message);
    out.push_back('}');
    return invalid;
  }

  Envelope envelope(std::size_t /*payload_bytes*/) const override { return envelope_; }
  std::string content_type() const override { return "application/json"; }
  char separator() const noexcept override { return ','; }

 private:
  std::unique_ptr<SpanMapper> mapper_;
  const Envelope envelope_;
};

}  // namespace

std::unique_ptr<SpanEncoder> make_json_span_encoder(const OtlpResource& resource,
                                                    std::unique_ptr<SpanMapper> mapper) {
  return std::make_unique<JsonSpanEncoder>(resource, std::move(mapper));
}

}  // namespace v0
}  // namespace llmtrace
