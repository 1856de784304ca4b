// Record is everything known of one observation; Score is one score. Plain data: built on the
// caller's thread, read by the encoders on the flusher thread. See cell.h for who may write when.
#pragma once

#include <llmtrace/observation_params.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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

struct Record {
  // The start half: fixed once the observation has started.
  Uuid uuid{};
  TraceId trace_id{};
  SpanId span_id{};
  SpanId parent_span_id{};
  bool has_parent = false;
  bool input_from_macro = false;  // recorded by OBSERVE, not given by the caller
  bool output_from_macro = false;
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
  Json model_parameters;
  UsageDetails usage_details;
  CostDetails cost_details;
  PromptReference prompt;
  Ref<const TraceAttributes> attributes;

  /// Frees what is large once it is encoded; the ids stay.
  void drop_payload() noexcept {
    input = {};
    output = {};
    metadata = {};
    model_parameters = {};
  }

  // The rest of a Cell, its place in the queue, and what malloc adds to the cell and its larger
  // texts.
  static constexpr std::size_t kOverhead = 192;

  /// The bytes that this record holds, about; what the transport's budget counts.
  std::size_t byte_size() const noexcept {
    std::size_t items = usage_details.items().size() + cost_details.items().size();
    return sizeof(Record) + kOverhead + name.size() + input.text().size() + output.text().size() +
           metadata.text().size() + version.size() + status_message.size() + model.size() +
           model_parameters.text().size() + prompt.name.size() + 48 * items;
  }
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

  std::size_t byte_size() const noexcept {
    return sizeof(Score) + name.size() + value.text().size() + comment.size() +
           metadata.text().size() + session_id.size() + dataset_run_id.size();
  }
};

}  // namespace v0
}  // namespace llmtrace
