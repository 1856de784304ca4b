// Observations as ingestion events, for self-hosted servers before 3.22. Servers of version 2 know
// three kinds of observations: the others are sent as spans, their type kept in the metadata.
#include <algorithm>

#include "common/src/verdict.h"
#include "langfuse/src/body_writer.h"
#include "langfuse/src/wire.h"

namespace langfuse {
inline namespace v0 {
namespace {

using llmtrace::ObservationType;
using llmtrace::Record;
using llmtrace::TraceAttributes;

constexpr std::size_t kMaxItemBytes = 3'500'000;  // the route refuses bodies over 4.5 MB

std::string_view event_type(ObservationType type) noexcept {
  switch (type) {
    case ObservationType::Generation:
    case ObservationType::Embedding:
      return "generation-create";
    case ObservationType::Event:
      return "event-create";
    default:
      return "span-create";
  }
}

llmtrace::Json metadata_of(const Record& record) {
  llmtrace::Json metadata = record.metadata;
  if (record.type != ObservationType::Span && record.type != ObservationType::Generation &&
      record.type != ObservationType::Event) {
    metadata.merge({{"observation_type", langfuse_type(record.type)}});
  }
  return metadata;
}

class LegacyEncoder final : public llmtrace::Encoder {
 public:
  explicit LegacyEncoder(std::shared_ptr<const Wire> wire) : wire_(std::move(wire)) {
    const ResolvedConfig& config = wire_->config();
    limits_.max_items = config.flush_at;
    limits_.max_bytes = config.max_batch_bytes;
    limits_.max_item_bytes = std::min(config.max_event_bytes, kMaxItemBytes);
    limits_.linger = config.flush_interval;
    limits_.separator = ',';  // never compressed: the route answers gzip with a 400
  }

  bool takes(llmtrace::ItemKind kind) const noexcept override {
    return kind == llmtrace::ItemKind::Observation;
  }
  const llmtrace::LaneLimits& limits() const noexcept override { return limits_; }

  using Encoder::encode;
  void encode(const Record& record, std::string& out) override {
    const std::string uuid = llmtrace::uuid_text(record.uuid);
    if (!record.has_parent) {
      begin_event(out, uuid + "-trace", record.start_time, "trace-create");
      write_trace(out, record);
      out.append("},");
    }
    begin_event(out, uuid, record.start_time, event_type(record.type));
    write_observation(out, record);
    out.push_back('}');
  }

  llmtrace::Envelope envelope(std::size_t /*payload_bytes*/) const override {
    return {"{\"batch\":[", "]}"};
  }
  llmtrace::HttpRequest request() override {
    return wire_->request("POST", "api/public/ingestion", {{"Content-Type", "application/json"}});
  }
  llmtrace::Verdict judge(const std::vector<llmtrace::Uuid>& ids, const llmtrace::HttpReply& reply,
                          llmtrace::Timestamp now) override {
    return judge_ingestion(ids, reply, now);
  }

 private:
  static void begin_event(std::string& out, std::string_view id, llmtrace::Timestamp time,
                          std::string_view type) {
    out.append("{\"id\":\"").append(id).append("\",\"timestamp\":\"");
    llmtrace::append_rfc3339(out, time);
    out.append("\",\"type\":\"").append(type).append("\",\"body\":");
  }

  void write_trace(std::string& out, const Record& record) const {
    BodyWriter body(out);
    body.string("id", llmtrace::to_hex(record.trace_id));
    body.time("timestamp", record.start_time);
    const TraceAttributes* const trace = record.attributes.get();
    const bool named = trace != nullptr && !trace->trace_name.empty();
    body.text("name", named ? trace->trace_name : record.name);
    write_io(body, record);
    std::string release = wire_->config().release;
    if (trace != nullptr) {
      body.text("userId", trace->user_id);
      body.text("sessionId", trace->session_id);
      body.text("version", trace->version);
      body.json("metadata", trace->metadata);
      if (!trace->tags.empty()) body.json("tags", trace->tags);
      if (trace->is_public) body.raw("public", *trace->is_public ? "true" : "false");
      if (!trace->release_name.empty()) release = trace->release_name;
    }
    body.text("release", release);
    body.text("environment", environment_of(record));
    body.close();
  }

  void write_observation(std::string& out, const Record& record) {
    BodyWriter body(out);
    body.string("id", llmtrace::to_hex(record.span_id));
    body.string("traceId", llmtrace::to_hex(record.trace_id));
    if (record.has_parent) {
      body.string("parentObservationId", llmtrace::to_hex(record.parent_span_id));
    }
    body.text("name", record.name);
    body.time("startTime", record.start_time);
    if (record.type != ObservationType::Event) body.time("endTime", record.end_time);
    write_io(body, record);
    body.json("metadata", metadata_of(record));
    if (record.level) body.string("level", llmtrace::to_string(*record.level));
    body.text("statusMessage", record.status_message);
    const TraceAttributes* const trace = record.attributes.get();
    body.text("version",
              record.version.empty() && trace != nullptr ? trace->version : record.version);
    body.text("environment", environment_of(record));
    if (event_type(record.type) == "generation-create") write_generation(body, record);
    body.close();
  }

  void write_io(BodyWriter& body, const Record& record) const {
    const bool capture_io = wire_->config().capture_io;
    if (capture_io || !record.input_from_macro) body.json("input", record.input);
    if (capture_io || !record.output_from_macro) body.json("output", record.output);
  }

  void write_generation(BodyWriter& body, const Record& record) {
    if (record.completion_start_time) {
      body.time("completionStartTime", *record.completion_start_time);
    }
    body.text("model", record.model);
    body.json("modelParameters", record.model_parameters);
    if (!record.usage_details.empty()) {
      body.raw("usageDetails", numbers_to_json(record.usage_details, invalid_numbers_));
    }
    if (!record.cost_details.empty()) {
      body.raw("costDetails", numbers_to_json(record.cost_details, invalid_numbers_));
    }
    if (const llmtrace::PromptReference* const prompt = linked_prompt(record)) {
      body.string("promptName", prompt->name);
      body.raw("promptVersion", std::to_string(prompt->version));
    }
  }

  std::string environment_of(const Record& record) const {
    const bool own = record.attributes && !record.attributes->environment.empty();
    return own ? record.attributes->environment : wire_->config().environment;
  }

  std::shared_ptr<const Wire> wire_;
  llmtrace::LaneLimits limits_;
};

}  // namespace

std::unique_ptr<llmtrace::Encoder> make_legacy_encoder(std::shared_ptr<const Wire> wire) {
  return std::make_unique<LegacyEncoder>(std::move(wire));
}

}  // namespace v0
}  // namespace langfuse
