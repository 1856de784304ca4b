#include "collector/ingestion_event.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "collector/body_reader.h"
#include "collector/environment_name.h"
#include "collector/metadata_text.h"
#include "collector/observation_type.h"
#include "collector/score_reader.h"
#include "collector/usage_details.h"
#include "common/src/utf8.h"

namespace llmtrace::collector {
namespace {

constexpr std::size_t kMaxEventIdSize = 800;
constexpr std::size_t kMaxTraceName = 1000;  // as JavaScript counts
constexpr std::string_view kCreate = "-create";
constexpr std::string_view kUpdate = "-update";

std::optional<std::string> stored_metadata_of(BodyReader& body) {
  Metadata metadata;
  add_metadata(metadata, body.value("metadata"));
  return stored_metadata(metadata);
}

std::optional<std::string> environment_of(BodyReader& body, bool is_update) {
  const auto given = body.text("environment");
  if (!given && is_update) return std::nullopt;  // keeps what the create said
  return environment_name(given.value_or("default"));
}

void read_trace(BodyReader& body, IngestionEvent& event, std::int64_t received_ms) {
  Trace trace{.id = body.text("id").value_or(""),
              .timestamp_ms = body.time_ms("timestamp"),
              .name = body.text("name"),
              .input = body.any("input"),
              .output = body.any("output"),
              .session_id = body.text("sessionId"),
              .user_id = body.text("userId"),
              .environment = environment_of(body, false),
              .metadata = stored_metadata_of(body),
              .release = body.text("release"),
              .version = body.text("version"),
              .is_public = body.boolean("public"),
              .tags = body.text_list("tags"),
              .created_ms = received_ms,
              .updated_ms = received_ms};
  if (trace.name && utf16_prefix(*trace.name, kMaxTraceName).size() < trace.name->size()) {
    body.reject("name", "at most 1000 characters");
  }
  if (!trace.timestamp_ms) trace.timestamp_ms = event.timestamp_ms;
  if (!trace.id.empty()) event.rows.trace_updates.push_back(std::move(trace));
}

void read_usage(BodyReader& body, Observation& row) {
  const JsonValue& details = body.object("usageDetails");
  const JsonValue& usage = body.object("usage");
  row.usage_details =
      usage_json(details.is_null() ? read_legacy_usage(usage) : read_usage_details(details));
  const JsonValue& costs = body.object("costDetails");
  row.cost_details = costs.is_null() ? legacy_cost_json(usage) : cost_json(costs);
}

bool is_model_parameter(const JsonValue& value) {
  const auto is_string = [](const JsonValue& each) { return each.is_string(); };
  return std::all_of(value.elements().begin(), value.elements().end(), is_string) &&
         std::all_of(value.members().begin(), value.members().end(),
                     [&](const auto& member) { return is_string(member.second); });
}

void read_generation(BodyReader& body, Observation& row) {
  row.end_ms = body.time_ms("endTime");
  row.completion_start_ms = body.time_ms("completionStartTime");
  row.model = body.text("model");
  const JsonValue& parameters = body.object("modelParameters");
  for (const auto& [name, value] : parameters.members()) {
    if (is_model_parameter(value)) continue;
    body.reject("modelParameters." + name,
                "expected a string, number, boolean, null, or an array or object of strings");
  }
  if (!parameters.is_null()) row.model_parameters = parameters.to_text();
  row.prompt_name = body.text("promptName");
  row.prompt_version = body.integer("promptVersion");
  if (row.prompt_name.has_value() != row.prompt_version.has_value()) {
    body.reject("promptName", "promptName and promptVersion go together");
  }
  read_usage(body, row);
}

// The name in front of "-create" or "-update"; the old observation-* events say it in their body.
std::string type_of(BodyReader& body, const IngestionEvent& event) {
  if (event.type.starts_with("observation-")) {
    return body.choice("type", {"SPAN", "GENERATION", "EVENT"}).value_or("SPAN");
  }
  const std::string_view name(event.type.data(), event.type.size() - kCreate.size());
  return type_from_name(name).value_or("SPAN");
}

// An observation without a trace makes one with its own id.
void add_observation(Observation row, const IngestionEvent& event, StoreBatch& rows) {
  if (row.id.empty()) return;
  if (row.trace_id.empty()) row.trace_id = row.id;
  Trace trace{.id = row.trace_id,
              .timestamp_ms = row.start_ms ? row.start_ms : event.timestamp_ms,
              .created_ms = row.created_ms,
              .updated_ms = row.updated_ms};
  if (row.trace_id == row.id) trace.name = row.name;
  rows.observation_updates.push_back(std::move(row));
  rows.implied_traces.push_back(std::move(trace));
}

void read_observation(BodyReader& body, IngestionEvent& event, std::int64_t received_ms) {
  Observation row{.trace_id = body.text("traceId").value_or(""),
                  .id = body.text("id").value_or(""),
                  .parent_id = body.text("parentObservationId"),
                  .type = type_of(body, event),
                  .name = body.text("name"),
                  .start_ms = body.time_ms("startTime"),
                  .level = body.choice("level", {"DEBUG", "DEFAULT", "WARNING", "ERROR"}),
                  .status_message = body.text("statusMessage"),
                  .version = body.text("version"),
                  .environment = environment_of(body, event.is_update),
                  .input = body.any("input"),
                  .output = body.any("output"),
                  .metadata = stored_metadata_of(body),
                  .created_ms = received_ms,
                  .updated_ms = received_ms};
  if (!row.start_ms && !event.is_update) row.start_ms = event.timestamp_ms;
  if (!row.level && !event.is_update) row.level = "DEFAULT";
  read_generation(body, row);
  add_observation(std::move(row), event, event.rows);
}

void read_score_event(const JsonValue& body, IngestionEvent& event, std::int64_t received_ms) {
  ScoreReading reading = read_score(body, EvalSource::Allowed, received_ms);
  event.issues.insert(event.issues.end(), reading.issues.begin(), reading.issues.end());
  if (!reading.score || body["id"].is_null()) return;
  reading.score->timestamp_ms = event.timestamp_ms;
  event.rows.scores.push_back(std::move(*reading.score));
}

// Which kind of event `type` is; nothing for unknown types and for those that are not public.
std::optional<EventKind> kind_of(std::string_view type) {
  if (type == "trace-create") return EventKind::Trace;
  if (type == "score-create") return EventKind::Score;
  if (type == "sdk-log") return EventKind::SdkLog;
  if (type == "span-update" || type == "generation-update" || type == "observation-create" ||
      type == "observation-update") {
    return EventKind::Observation;
  }
  if (!type.ends_with(kCreate)) return std::nullopt;
  type.remove_suffix(kCreate.size());
  return type_from_name(type) ? std::optional(EventKind::Observation) : std::nullopt;
}

void read_envelope(BodyReader& envelope, IngestionEvent& event) {
  const auto id = envelope.text("id");
  if (!id || id->empty() || id->size() > kMaxEventIdSize || id->find('\r') != std::string::npos) {
    envelope.reject("id", "id must have 1 to 800 characters and no carriage return");
  }
  if (id) event.id = *id;
  const auto timestamp = envelope.time_ms("timestamp");
  if (!timestamp && envelope.is_valid()) envelope.reject("timestamp", "timestamp is required");
  event.timestamp_ms = timestamp.value_or(0);
  event.type = envelope.text("type").value_or("");
  event.is_update = event.type.ends_with(kUpdate);
  if (const auto kind = kind_of(event.type)) {
    event.kind = *kind;
  } else {
    envelope.reject("type", "unknown event type '" + event.type + "'");
  }
  if (!envelope.value("body").is_object()) envelope.reject("body", "body must be an object");
}

}  // namespace

IngestionEvent read_ingestion_event(const JsonValue& json, std::int64_t received_ms) {
  IngestionEvent event;
  if (!json.is_object()) {
    event.issues.push_back(not_an_object(json));
    return event;
  }
  BodyReader envelope(json);
  read_envelope(envelope, event);
  event.issues = envelope.issues();
  if (!event.issues.empty()) return event;

  BodyReader body(json["body"]);
  if (event.kind == EventKind::Trace) read_trace(body, event, received_ms);
  if (event.kind == EventKind::Observation) read_observation(body, event, received_ms);
  if (event.kind == EventKind::Score) read_score_event(json["body"], event, received_ms);
  event.issues.insert(event.issues.end(), body.issues().begin(), body.issues().end());
  if (!event.issues.empty()) event.rows = {};
  return event;
}

}  // namespace llmtrace::collector
