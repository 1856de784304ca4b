#include "collector/api/score_list.h"

#include "collector/api/api_fields.h"
#include "collector/langsmith/json_fields.h"
#include "collector/traces/node.h"
#include "collector/traces/trace_ids.h"
#include "common/src/json_text.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

constexpr std::int64_t kFeedback = 1;

RowFilter of_trace(const std::string& trace_id) {
  RowFilter filter;
  filter.any_of("trace_id", {trace_id, uuid_of_trace(trace_id)});
  return filter;
}

// How a value of either kind is shown.
struct Shown {
  std::string data_type{};
  std::optional<double> number{};
  std::optional<std::string> text{};
};

Shown shown_feedback(const AnyScore& score) {
  const JsonValue given = JsonValue::parse(score.text.value_or("null")).value_or(JsonValue());
  if (given.is_number()) return {.data_type = "NUMERIC", .number = given.as_double()};
  if (given.type() == JsonValue::Type::Boolean) {
    return {.data_type = "BOOLEAN", .number = given.as_bool() ? 1.0 : 0.0};
  }
  const std::string value = score.value.value_or("");
  if (value.starts_with('"')) {
    return {.data_type = "CATEGORICAL", .text = unescape_json_string(value)};
  }
  return {.data_type = "TEXT", .text = value.empty() ? std::nullopt : std::optional(value)};
}

Shown shown_score(const AnyScore& score) {
  const bool is_number = score.data_type == "NUMERIC" || score.data_type == "BOOLEAN";
  return {.data_type = score.data_type.value_or("NUMERIC"),
          .number = is_number ? score.number : std::nullopt,
          .text = score.text};
}

std::optional<std::string> origin_of(const AnyScore& score) {
  if (score.source != kFeedback) return score.origin;
  const std::string origin = score.origin.value_or("{}");
  const std::string_view type = json_member(origin, {"type"});
  return type.starts_with('"') ? unescape_json_string(type) : "api";
}

}  // namespace

std::vector<AnyScore> read_scores(SqliteDatabase& connection, const RowFilter& filter,
                                  std::int64_t limit) {
  return read_rows<AnyScore>(connection, filter, " ORDER BY time_us DESC, id DESC",
                             {.limit = limit});
}

std::vector<AnyScore> read_scores_of(SqliteDatabase& connection, const std::string& trace_id) {
  constexpr std::int64_t kMost = 10'000;
  return read_scores(connection, of_trace(trace_id), kMost);
}

std::int64_t count_scores_of(SqliteDatabase& connection, const std::string& trace_id) {
  return count_rows(connection, "scores", of_trace(trace_id)) +
         count_rows(connection, "feedback", of_trace(trace_id));
}

std::optional<std::string> node_id_of(const AnyScore& score) {
  if (!score.subject) return std::nullopt;
  return score.source == kFeedback ? node_id_of_run(*score.subject) : *score.subject;
}

void write_score(JsonWriter& writer, const AnyScore& score) {
  const Shown shown = score.source == kFeedback ? shown_feedback(score) : shown_score(score);
  ApiFields fields(writer);
  fields.add("id", score.id);
  score.trace_id ? fields.add("trace_id", trace_id_of(*score.trace_id))
                 : fields.add_null("trace_id");
  fields.add("node_id", node_id_of(score));
  fields.add("session_id", score.session_id);
  fields.add("name", score.name);
  fields.add("data_type", shown.data_type);
  fields.add("value", shown.number);
  fields.add("string_value", shown.text);
  fields.add("comment", score.comment);
  fields.add("origin", origin_of(score));
  fields.add("source", to_string(static_cast<Source>(score.source)));
  fields.add_time_us("time", score.time_us);
  fields.add_object("metadata", score.metadata);
}

}  // namespace llmtrace::collector
