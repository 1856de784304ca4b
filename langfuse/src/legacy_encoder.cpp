// Observations as ingestion events, for self-hosted servers before 3.22. Servers of version 2 know
// three kinds of observations: the others are sent as spans, their type kept in the metadata.
#include <algorithm>

#include "common/src/json_value.h"
#include "common/src/utf8.h"
#include "langfuse/src/body_writer.h"
#include "langfuse/src/trace_limits.h"
#include "langfuse/src/wire.h"

namespace langfuse {
inline namespace v0 {
namespace {

using llmtrace::JsonValue;
using llmtrace::ObservationType;
using llmtrace::Record;
using llmtrace::TraceAttributes;

constexpr std::size_t kMaxItemBytes = 3'500'000;  // the route refuses bodies over 4.5 MB
constexpr std::size_t kMaxName = 1000;            // and traces with longer names

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
    metadata.merge({{"observation_type", llmtrace::to_string(record.type)}});
  }
  return metadata;
}

bool all_texts(const std::vector<JsonValue>& values) {
  return std::all_of(values.begin(), values.end(),
                     [](const JsonValue& value) { return value.is_string(); });
}

bool all_texts(const std::vector<JsonValue::Member>& members) {
  return std::all_of(members.begin(), members.end(),
                     [](const JsonValue::Member& member) { return member.second.is_string(); });
}

// The route's schema: text, numbers and truth values, lists and objects of texts. Anything else
// makes it refuse the whole generation, so it goes as JSON text, as the server itself keeps it over
// OTLP.
void append_parameter(std::string& out, const JsonValue& value) {
  const bool known = (value.is_array() && all_texts(value.elements())) ||
                     (value.is_object() && all_texts(value.members())) ||
                     (!value.is_array() && !value.is_object());
  if (known) {
    out.append(value.to_text());
  } else {
    llmtrace::append_json_string(out, value.to_text());
  }
}

void append_member(std::string& out, std::string_view name, const JsonValue& value) {
  if (out.size() > 1) out.push_back(',');
  llmtrace::append_json_string(out, name);
  out.push_back(':');
  append_parameter(out, value);
}

std::string parameters_of(const llmtrace::Json& parameters) {
  const auto given = JsonValue::parse(parameters.to_text());
  std::string out = "{";
  if (given && given->is_object()) {
    for (const auto& [name, value] : given->members()) append_member(out, name, value);
  } else if (given) {  // a mask that failed left no object
    append_member(out, "model_parameters", *given);
  }
  out.push_back('}');
  return out;
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
      begin_event(out, uuid, kTraceSuffix, record.start_time, "trace-create");
      write_trace(out, record);
      out.append("},");
    }
    begin_event(out, uuid, record.has_parent ? "" : kRootSuffix, record.start_time,
                event_type(record.type));
    write_observation(out, record);
    out.push_back('}');
    invalid_attributes_ += limits_of_traces_.take_count();
    invalid_attribute_ = limits_of_traces_.complaint();
  }

  llmtrace::Envelope envelope(std::size_t /*payload_bytes*/) const override {
    return {"{\"batch\":[", "]}"};
  }
  llmtrace::HttpRequest request() override {
    return wire_->request("POST", "api/public/ingestion", {{"Content-Type", "application/json"}});
  }
  llmtrace::Verdict judge(const llmtrace::Attempt& attempt, const llmtrace::HttpReply& reply,
                          llmtrace::Timestamp now) override {
    std::vector<std::string> texts;
    texts.reserve(attempt.ids.size());
    for (const llmtrace::Uuid& id : attempt.ids) texts.push_back(llmtrace::uuid_text(id));
    llmtrace::Verdict verdict = judge_ingestion(texts, reply, now);
    if (is_gone(reply, verdict)) {
      verdict.message +=
          "; this server takes observations over OTLP alone: set Config::protocol to "
          "Protocol::Otlp";
    }
    return verdict;
  }

 private:
  // Version 4 refuses each event in a 207; where the route was taken away there is a 404 or 410.
  static bool is_gone(const llmtrace::HttpReply& reply, const llmtrace::Verdict& verdict) {
    return reply.status == 404 || reply.status == 410 ||
           verdict.message.find("Event type not accepted") != std::string::npos;
  }

  static void begin_event(std::string& out, std::string_view id, std::string_view suffix,
                          llmtrace::Timestamp time, std::string_view type) {
    out.append("{\"id\":\"").append(id).append(suffix).append("\",\"timestamp\":\"");
    llmtrace::append_rfc3339(out, time);
    out.append("\",\"type\":\"").append(type).append("\",\"body\":");
  }

  void write_trace(std::string& out, const Record& record) {
    BodyWriter body(out);
    body.string("id", llmtrace::to_hex(record.trace_id));
    body.time("timestamp", record.start_time);
    const TraceAttributes* const trace = record.attributes.get();
    const bool named = trace != nullptr && !trace->trace_name.empty();
    body.text("name", llmtrace::utf16_prefix(named ? trace->trace_name : record.name, kMaxName));
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
    if (!record.model_parameters.is_absent()) {
      body.raw("modelParameters", parameters_of(record.model_parameters));
    }
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

  std::string environment_of(const Record& record) {
    const bool own = record.attributes && !record.attributes->environment.empty();
    return own ? limits_of_traces_.environment(record.attributes->environment)
               : wire_->config().environment;
  }

  std::shared_ptr<const Wire> wire_;
  llmtrace::LaneLimits limits_;
  TraceLimits limits_of_traces_;
};

}  // namespace

std::unique_ptr<llmtrace::Encoder> make_legacy_encoder(std::shared_ptr<const Wire> wire) {
  return std::make_unique<LegacyEncoder>(std::move(wire));
}

}  // namespace v0
}  // namespace langfuse
