// Observations as OTLP spans, with Langfuse's attributes.
#include <llmtrace/version.h>

#include <algorithm>
#include <iterator>

#include "common/src/json_members.h"
#include "common/src/json_text.h"
#include "common/src/otlp/span_encoder.h"
#include "common/src/time_text.h"
#include "common/src/verdict.h"
#include "langfuse/src/trace_limits.h"
#include "langfuse/src/wire.h"

namespace langfuse {
inline namespace v0 {
namespace {

using llmtrace::AttributeSink;
using llmtrace::Record;
using llmtrace::TraceAttributes;

constexpr std::size_t kPathBytes = 128;  // most paths are shorter

// Calls `visit` with each key behind `prefix`, the key itself and its value as text: one attribute
// per key, for only those can be filtered by.
template <class Visit>
void for_each_member(const llmtrace::Json& metadata, std::string_view prefix, Visit visit) {
  if (metadata.is_absent()) return;
  std::string path;
  path.reserve(kPathBytes);
  path.append(prefix);
  if (metadata.is_string()) {  // a mask that failed left no object
    visit(path.append("metadata"), "metadata", metadata.text());
    return;
  }
  llmtrace::JsonMembers members;
  members.add(metadata.text());
  std::string buffer;
  for (const auto& [key, json] : members.members()) {
    path.resize(prefix.size());
    path.append(key);
    visit(path, key, json.starts_with('"') ? llmtrace::unescape_json_string(json, buffer) : json);
  }
}

// The span whose row stands for the whole trace in the server's lists: one without a parent here,
// unless the sender of the remote parent has said that it sends this very trace to Langfuse too.
bool is_app_root(const Record& record) noexcept {
  if (!record.has_parent) return true;
  return record.remote && record.remote->rooted_trace != record.trace_id;
}

void map_tags(const std::vector<std::string>& tags, AttributeSink& sink, TraceLimits& limits) {
  if (std::all_of(tags.begin(), tags.end(), TraceLimits::fits)) {
    sink.strings("langfuse.trace.tags", tags);
    return;
  }
  std::vector<std::string> taken;
  std::copy_if(tags.begin(), tags.end(), std::back_inserter(taken),
               [&](const std::string& tag) { return limits.takes("a tag", tag); });
  sink.strings("langfuse.trace.tags", taken);
}

void map_trace(const TraceAttributes& trace, AttributeSink& sink, TraceLimits& limits) {
  if (limits.takes("the trace's name", trace.trace_name)) {
    sink.text("langfuse.trace.name", trace.trace_name);
  }
  if (limits.takes("user_id", trace.user_id)) sink.text("user.id", trace.user_id);
  if (limits.takes("session_id", trace.session_id)) sink.text("session.id", trace.session_id);
  map_tags(trace.tags, sink, limits);
  sink.text("langfuse.environment", limits.environment(trace.environment));
  sink.text("langfuse.release", trace.release_name);
  if (trace.is_public) sink.boolean("langfuse.trace.public", *trace.is_public);
  const auto map_member = [&](std::string_view path, std::string_view key, std::string_view value) {
    if (TraceLimits::fits(value) ||
        limits.takes("the trace's metadata \"" + std::string(key) + "\"", value)) {
      sink.string(path, value);
    }
  };
  for_each_member(trace.metadata, "langfuse.trace.metadata.", map_member);
}

void map_prompt(const Record& record, AttributeSink& sink) {
  const llmtrace::PromptReference* const prompt = linked_prompt(record);
  if (prompt == nullptr) return;
  sink.string("langfuse.observation.prompt.name", prompt->name);
  sink.integer("langfuse.observation.prompt.version", prompt->version);
}

void map_model(const Record& record, AttributeSink& sink, std::uint64_t& invalid) {
  sink.text("langfuse.observation.model.name", record.model);
  sink.text("gen_ai.provider.name", record.provider);
  sink.json("langfuse.observation.model.parameters", record.model_parameters);
  if (!record.usage_details.empty()) {
    sink.string("langfuse.observation.usage_details",
                numbers_to_json(record.usage_details, invalid));
  }
  if (!record.cost_details.empty()) {
    sink.string("langfuse.observation.cost_details", numbers_to_json(record.cost_details, invalid));
  }
  if (record.completion_start_time) {
    std::string time;
    llmtrace::append_rfc3339(time, *record.completion_start_time);
    sink.string("langfuse.observation.completion_start_time", time);
  }
}

std::uint64_t map_record(const Record& record, AttributeSink& sink, bool capture_io,
                         TraceLimits& limits) {
  std::uint64_t invalid = 0;
  sink.string("langfuse.observation.type", langfuse_type(record.type));
  if (is_app_root(record)) sink.boolean("langfuse.internal.is_app_root", true);
  if (capture_io || !record.input_from_macro) sink.json("langfuse.observation.input", record.input);
  if (capture_io || !record.output_from_macro) {
    sink.json("langfuse.observation.output", record.output);
  }
  const auto map_member = [&](std::string_view path, std::string_view /*key*/,
                              std::string_view value) { sink.string(path, value); };
  for_each_member(record.metadata, "langfuse.observation.metadata.", map_member);
  if (record.level) sink.string("langfuse.observation.level", llmtrace::to_string(*record.level));
  sink.text("langfuse.observation.status_message", record.status_message);
  map_model(record, sink, invalid);
  map_prompt(record, sink);
  const TraceAttributes* const trace = record.attributes.get();
  if (!record.version.empty()) {
    sink.string("langfuse.version", record.version);
  } else if (trace != nullptr && limits.takes("version", trace->version)) {
    sink.text("langfuse.version", trace->version);
  }
  if (trace != nullptr) map_trace(*trace, sink, limits);
  return invalid;
}

llmtrace::OtlpResource resource_of(const ResolvedConfig& config) {
  llmtrace::OtlpResource resource;
  // A scope name that begins with "langfuse-sdk" keeps the attributes out of the metadata.
  resource.scope_name = "langfuse-sdk-cpp";
  resource.scope_version = LLMTRACE_VERSION_STRING;
  resource.attributes = {{"service.name", config.service_name},
                         {"telemetry.sdk.name", "llmtrace"},
                         {"telemetry.sdk.language", "cpp"},
                         {"telemetry.sdk.version", LLMTRACE_VERSION_STRING}};
  if (!config.environment.empty()) {
    resource.attributes.emplace_back("langfuse.environment", config.environment);
  }
  if (!config.release.empty()) resource.attributes.emplace_back("langfuse.release", config.release);
  return resource;
}

class OtlpEncoder final : public llmtrace::Encoder {
 public:
  explicit OtlpEncoder(std::shared_ptr<const Wire> wire)
      : wire_(std::move(wire)),
        spans_(llmtrace::SpanEncoder::make(
            wire_->config().encoding == Encoding::Protobuf ? llmtrace::OtlpEncoding::Protobuf
                                                           : llmtrace::OtlpEncoding::Json,
            resource_of(wire_->config()), [this](const Record& record, AttributeSink& sink) {
              return map_record(record, sink, wire_->config().capture_io, limits_of_traces_);
            })) {
    const ResolvedConfig& config = wire_->config();
    limits_.max_items = config.flush_at;
    limits_.max_bytes = config.max_batch_bytes;
    limits_.max_item_bytes = config.max_event_bytes;
    limits_.linger = config.flush_interval;
    limits_.separator = spans_->separator();
    limits_.compression = config.compression == Compression::Gzip ? llmtrace::Compression::Gzip
                                                                  : llmtrace::Compression::None;
  }

  bool takes(llmtrace::ItemKind kind) const noexcept override {
    return kind == llmtrace::ItemKind::Observation;
  }
  const llmtrace::LaneLimits& limits() const noexcept override { return limits_; }

  using Encoder::encode;
  void encode(const Record& record, std::string& out) override {
    invalid_numbers_ += spans_->encode(record, out);
    invalid_attributes_ += limits_of_traces_.take_count();
    invalid_attribute_ = limits_of_traces_.complaint();
  }
  llmtrace::Envelope envelope(std::size_t payload_bytes) const override {
    return spans_->envelope(payload_bytes);
  }
  llmtrace::HttpRequest request() override {
    // Without the version, data is shown up to ten minutes late; one above 4 is refused.
    return wire_->request(
        "POST", wire_->config().export_path,
        {{"Content-Type", spans_->content_type()}, {"x-langfuse-ingestion-version", "4"}});
  }
  // A 200 carries a description of the server's job, not an OTLP reply: it is not read.
  llmtrace::Verdict judge(const llmtrace::Attempt& /*attempt*/, const llmtrace::HttpReply& reply,
                          llmtrace::Timestamp now) override {
    llmtrace::Verdict verdict = llmtrace::judge_status(reply, now);
    if (reply.status == 404) {
      verdict.message +=
          "; this server has no OTLP route (Langfuse before 3.22, or a wrong base URL): set "
          "Config::protocol to Protocol::Legacy, or LANGFUSE_BASE_URL";
    }
    return verdict;
  }

 private:
  std::shared_ptr<const Wire> wire_;
  std::unique_ptr<llmtrace::SpanEncoder> spans_;
  llmtrace::LaneLimits limits_;
  TraceLimits limits_of_traces_;
};

}  // namespace

std::unique_ptr<llmtrace::Encoder> make_otlp_encoder(std::shared_ptr<const Wire> wire) {
  return std::make_unique<OtlpEncoder>(std::move(wire));
}

}  // namespace v0
}  // namespace langfuse
