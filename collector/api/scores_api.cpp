#include "collector/api/scores_api.h"

#include <llmtrace/json_writer.h>

#include <optional>
#include <utility>
#include <vector>

#include "collector/api/api_error.h"
#include "collector/api/api_fields.h"
#include "collector/api/api_query.h"
#include "collector/api/score_list.h"
#include "collector/identifier.h"
#include "collector/iso_time.h"
#include "collector/json_reply.h"
#include "collector/traces/trace_ids.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& problem) {
  throw ApiError(400, "bad_body", name + " " + problem, name);
}

// A string of the body; nothing when absent or null.
std::optional<std::string> text_in(const JsonValue& body, const std::string& name) {
  constexpr std::size_t kMostBytes = 64 * 1024;
  const JsonValue& value = body[name];
  if (value.is_null()) return std::nullopt;
  if (!value.is_string() || value.as_string().empty()) refuse(name, "must be a string");
  if (value.as_string().size() > kMostBytes) refuse(name, "must be at most 64 KiB");
  return value.as_string();
}

std::string needed_text_in(const JsonValue& body, const std::string& name) {
  auto text = text_in(body, name);
  if (!text) refuse(name, "is missing");
  return std::move(*text);
}

void read_value(const JsonValue& value, Score& score) {
  if (value.is_number()) {
    score.data_type = "NUMERIC";
    score.number = value.as_double();
  } else if (value.type() == JsonValue::Type::Boolean) {
    score.data_type = "BOOLEAN";
    score.number = value.as_bool() ? 1 : 0;
  } else if (value.is_string() && !value.as_string().empty()) {
    score.data_type = "CATEGORICAL";
    score.text = value.as_string();
  } else {
    refuse("value", "must be a number, true, false or a text");
  }
}

Score read_annotation(const HttpRequest& request) {
  const auto type = request.header("Content-Type").value_or("");
  if (!type.starts_with("application/json")) {
    throw ApiError(415, "unsupported_media_type", "Content-Type must be application/json");
  }
  const auto body = JsonValue::parse(request.body);
  if (!body || !body->is_object()) throw ApiError(400, "bad_body", "the body is no JSON object");
  const std::int64_t now = now_ms();
  Score score{.id = text_in(*body, "id").value_or(make_uuid()),
              .trace_id = trace_id_of(needed_text_in(*body, "trace_id")),
              .observation_id = text_in(*body, "node_id"),
              .name = needed_text_in(*body, "name"),
              .source = "ANNOTATION",
              .comment = text_in(*body, "comment"),
              .environment = "default",
              .timestamp_ms = now,
              .created_ms = now,
              .updated_ms = now};
  read_value((*body)["value"], score);
  return score;
}

AnyScore shown(const Score& score) {
  return {.id = score.id,
          .trace_id = score.trace_id,
          .subject = score.observation_id,
          .session_id = score.session_id,
          .name = score.name,
          .data_type = score.data_type,
          .number = score.number,
          .text = score.text,
          .comment = score.comment,
          .origin = score.source,
          .time_us = score.timestamp_ms * 1000,
          .metadata = score.metadata};
}

// What a node's id may be called by: its own, and a run's UUID that ends with it.
void filter_node(const ApiQuery& query, RowFilter& filter) {
  const auto id = query.text("node_id");
  if (!id) return;
  filter.where("subject = ? OR (source = 1 AND REPLACE(subject, '-', '') LIKE '%' || ?)",
               {*id, node_id_of_run(*id)});
}

}  // namespace

HttpResponse ScoresApi::list(const HttpRequest& request) const {
  return api_answer([&] {
    const ApiQuery query(request);
    RowFilter filter;
    if (const auto id = query.text("trace_id")) {
      const std::string trace_id = trace_id_of(*id);
      filter.any_of("trace_id", {trace_id, uuid_of_trace(trace_id)});
    }
    filter_node(query, filter);
    query.equal(filter, "session", "session_id");
    query.equal(filter, "name", "name");
    query.times(filter, "time_us");
    if (auto cursor = query.cursor()) filter.after("time_us, id", std::move(*cursor));
    const std::int64_t limit = query.limit();
    auto scores = database_.snapshot(
        [&](SqliteDatabase& connection) { return read_scores(connection, filter, limit + 1); });
    std::optional<std::string> next;
    if (static_cast<std::int64_t>(scores.size()) > limit) {
      scores.pop_back();
      next = api_cursor(scores.back().time_us, scores.back().id);
    }
    std::string array;
    JsonWriter writer(array);
    writer.begin_array();
    for (const AnyScore& score : scores) write_score(writer, score);
    writer.end_array();
    std::string body;
    JsonWriter reply(body);
    {
      ApiFields fields(reply);
      fields.add_json("scores", array);
      fields.add("next_cursor", next);
    }
    return json_reply(200, std::move(body));
  });
}

HttpResponse ScoresApi::post(const HttpRequest& request) {
  return api_answer([&] {
    Score score = read_annotation(request);
    RowFilter filter;
    filter.equal("trace_id", *score.trace_id);
    const bool is_known = database_.snapshot([&](SqliteDatabase& connection) {
      return count_rows(connection, "trace_summaries", filter) > 0;
    });
    if (!is_known) throw not_found("trace '" + *score.trace_id + "'");
    std::string body;
    JsonWriter writer(body);
    write_score(writer, shown(score));
    store_.put({.scores = {std::move(score)}});
    return json_reply(201, std::move(body));
  });
}

HttpResponse ScoresApi::remove(std::string_view id) {
  return api_answer([&] {
    if (!store_.remove_score(id)) throw not_found("score '" + std::string(id) + "'");
    return HttpResponse{.status = 204};
  });
}

}  // namespace llmtrace::collector
