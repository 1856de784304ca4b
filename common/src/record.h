// Record is everything known of one observation; Score is one score. Plain data: built on the
// caller's thread, read by the encoders on the flusher thread. See cell.h for who may write when.
#pragma once

#include <llmtrace/observation_params.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/src/baggage.h"
#include "common/src/id_types.h"
#include "common/src/ref.h"

namespace llmtrace {
inline namespace v0 {

/// What is said of a whole trace and repeated on each of its observations.
struct TraceFields {
  std::string user_id;
  std::string session_id;
  std::string trace_name;
  std::string version;
  std::string release_name;
  std::string environment;
  std::vector<std::string> tags;
  Json metadata;
  PromptReference prompt;
  std::optional<bool> is_public;
  Baggage baggage;  ///< members that no propagator here knows, to be handed on
};

/// A text that many have in common.
struct SharedText : RefCounted {
  explicit SharedText(std::string value) : text(std::move(value)) {}
  const std::string text;
};

/// Few have a prompt: those that do share it.
struct SharedPrompt : RefCounted {
  explicit SharedPrompt(PromptReference value) : reference(std::move(value)) {}
  const PromptReference reference;
};

/// The same, shared; immutable once an observation or a context refers to it.
struct TraceAttributes : RefCounted, TraceFields {};

/// Metadata is an object; any other value is kept under a key of its own.
inline Json as_object(Json metadata) {
  if (metadata.is_absent() || (!metadata.is_string() && metadata.text().starts_with('{'))) {
    return metadata;
  }
  return {{"metadata", std::move(metadata)}};
}

/// What a W3C traceparent says.
struct TraceParent {
  TraceId trace_id{};
  SpanId span_id{};
  bool sampled = true;           ///< of the trace flags
  bool random_trace_id = false;  ///< the same: who made the id says so of its last seven bytes
};

/// The parent of a local root, in another process or in the host's own tracer: what incoming
/// headers, or the host, said.
struct RemoteParent : RefCounted, TraceParent {
  std::string trace_state;  ///< W3C tracestate, to be handed on
  std::string run_path;     ///< a vendor's path to the parent in its tree of runs; empty: none
  Timestamp run_start{};    ///< by that path; a child never starts before it
  std::string project;      ///< where the vendor is to show it; empty: as configured
  bool is_remote = true;    ///< false: the host program's own tracer, in this process, named it
  TraceId rooted_trace{};   ///< the trace that the sender says it sends to the vendor, too
};

/// What a run can say beyond an observation.
struct RunFields {
  struct Event {
    std::string name;
    Timestamp time{};
    Json fields;
  };
  struct Attachment {
    std::string name;
    std::string mime_type;
    std::string bytes;
  };
  std::vector<std::string> tags;
  std::vector<Event> events;
  std::vector<Attachment> attachments;
  Json extra;
  Json serialized;
  std::string reference_example_id;

  std::size_t byte_size() const noexcept {
    std::size_t size = sizeof(RunFields) + extra.text().size() + serialized.text().size();
    for (const std::string& tag : tags) size += sizeof tag + tag.size();
    for (const Event& event : events) {
      size += sizeof event + event.name.size() + event.fields.text().size();
    }
    for (const Attachment& attachment : attachments) {
      size += sizeof attachment + attachment.bytes.size();
    }
    return size;
  }
};

struct RunDetails : RefCounted, RunFields {
  RunDetails() = default;
  explicit RunDetails(const RunFields& fields) : RunFields(fields) {}
};

struct Record {
  // The start half: fixed once the observation has started.
  Uuid uuid{};
  TraceId trace_id{};
  SpanId span_id{};
  SpanId parent_span_id{};
  bool has_parent = false;
  bool has_random_trace_id = false;  // made here, or by who says so
  bool input_from_macro = false;     // recorded by OBSERVE, not given by the caller
  bool output_from_macro = false;
  bool input_updated = false;  // after the start
  ObservationType type = ObservationType::Span;
  Timestamp start_time{};
  std::string name;
  Json input;

  // The end half.
  std::optional<Level> level;
  Timestamp end_time{};
  std::optional<Timestamp> completion_start_time;
  Json output;
  Json metadata;
  std::string version;
  std::string status_message;
  std::string model;
  std::string provider;  // of the model
  Json model_parameters;
  UsageDetails usage_details;
  CostDetails cost_details;
  Ref<const SharedPrompt> prompt;  // null for most
  Ref<const TraceAttributes> attributes;
  Ref<RunDetails> run;  // null for most; of this record alone until it has ended

  // Up the tree, for destinations that send an observation's whole path: the start halves of the
  // local ancestors stay readable as long as this record. Null otherwise.
  const Record* parent = nullptr;
  Ref<RefCounted> parent_owner;
  Ref<const RemoteParent> remote;  // of a local root
  Ref<const RemoteParent> origin;  // the same, of every observation below it, too
  // Where a vendor is to show it and its descendants, which share it; mostly null: as configured.
  Ref<const SharedText> project;

  /// Frees what is large once it is encoded; the ids stay.
  void drop_payload() noexcept {
    input = {};
    output = {};
    metadata = {};
    model_parameters = {};
    run = {};
  }

  // The rest of a Cell, its place in the queue, and what malloc adds to the cell and its larger
  // texts.
  static constexpr std::size_t kOverhead = 192;

  /// The bytes that this record holds, about; what the transport's budget counts.
  std::size_t byte_size() const noexcept {
    std::size_t items = usage_details.items().size() + cost_details.items().size();
    return sizeof(Record) + kOverhead + name.size() + input.text().size() + output.text().size() +
           metadata.text().size() + version.size() + status_message.size() + model.size() +
           provider.size() + model_parameters.text().size() + 48 * items +
           (prompt ? sizeof(SharedPrompt) + prompt->reference.name.size() : 0) +
           (run ? run->byte_size() : 0);
  }
};

/// Where a vendor is to show it; empty: as configured.
inline std::string_view project_of(const Record& record) noexcept {
  return record.project ? std::string_view(record.project->text) : std::string_view();
}

/// What feedback can say beyond a score; text fields that are empty are not given.
struct FeedbackFields {
  bool has_score = false;
  Json value;
  Json correction;
  Json source_info;
  Json config;
  std::string source_type;
  std::string source_run_id;
  std::string project_id;
  std::string group_id;
  std::string comparative_experiment_id;
};

struct Score {
  std::string id;
  std::string name;
  ScoreValue value;
  ScoreDataType data_type = ScoreDataType::Numeric;
  std::string trace_id;
  std::string observation_id;
  std::string session_id;
  std::string dataset_run_id;
  std::string comment;
  std::string config_id;
  std::string environment;
  Json metadata;
  Timestamp timestamp{};
  // For servers that know observations by their UUIDs; nothing when they are not known.
  std::optional<Uuid> run_id;
  std::optional<Uuid> run_trace_id;
  std::string project;  // of the observation; empty: as configured, or not known
  std::shared_ptr<const FeedbackFields> feedback;

  std::size_t byte_size() const noexcept {
    return sizeof(Score) +
           (feedback ? sizeof(FeedbackFields) + feedback->value.text().size() +
                           feedback->correction.text().size() + feedback->source_info.text().size()
                     : 0) +
           name.size() + value.text().size() + comment.size() + metadata.text().size() +
           session_id.size() + dataset_run_id.size();
  }
};

}  // namespace v0
}  // namespace llmtrace
