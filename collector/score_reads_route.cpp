#include "collector/score_reads_route.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collector/bad_request.h"
#include "collector/json_reply.h"
#include "collector/project.h"
#include "collector/query_reader.h"
#include "collector/reply_fields.h"

namespace llmtrace::collector {
namespace {

constexpr LimitRange kLimit{.fallback = 50, .maximum = 100};

void check_targets(const QueryReader& query) {
  const bool by_observation = query.has("observationId");
  if (by_observation && !query.has("traceId")) throw BadRequest("observationId requires traceId");
  const int targets = (query.has("traceId") ? 1 : 0) + (query.has("sessionId") ? 1 : 0) +
                      (query.has("experimentId") ? 1 : 0);
  if (targets > 1) throw BadRequest("traceId, sessionId and experimentId are mutually exclusive");
  for (const char* name : {"value", "valueMin", "valueMax", "authorUserId"}) {
    if (query.has(name)) {
      throw BadRequest(std::string("'") + name + "' is not supported by the local collector");
    }
  }
}

RowFilter read_filter(const HttpRequest& request) {
  const QueryReader query(request);
  check_targets(query);
  RowFilter filter;
  query.filter_list(filter, "id", "id");
  query.filter_list(filter, "name", "name");
  query.filter_list(filter, "source", "source COLLATE NOCASE");
  query.filter_list(filter, "dataType", "data_type COLLATE NOCASE");
  query.filter_list(filter, "environment", "environment");
  query.filter_list(filter, "configId", "config_id");
  query.filter_list(filter, "queueId", "queue_id");
  query.filter_list(filter, "traceId", "trace_id");
  query.filter_list(filter, "observationId", "observation_id");
  query.filter_list(filter, "sessionId", "session_id");
  query.filter_list(filter, "experimentId", "dataset_run_id");
  query.filter_times(filter, "fromTimestamp", "toTimestamp", "timestamp_ms");
  auto cursor = query.cursor(2);
  if (!cursor.empty()) filter.after("timestamp_ms, id", std::move(cursor));
  return filter;
}

void write_subject(const Score& score, ReplyFields& fields) {
  std::string subject;
  JsonWriter writer(subject);
  if (score.observation_id) {
    writer.object(
        {{"kind", "observation"}, {"id", score.observation_id}, {"traceId", score.trace_id}});
  } else if (score.trace_id) {
    writer.object({{"kind", "trace"}, {"id", score.trace_id}});
  } else if (score.session_id) {
    writer.object({{"kind", "session"}, {"id", score.session_id}});
  } else {
    writer.object({{"kind", "experiment"}, {"id", score.dataset_run_id}});
  }
  fields.add_json("subject", subject);
}

void write_core(const Score& score, ReplyFields& fields) {
  fields.add("id", score.id);
  fields.add("projectId", kProjectId);
  fields.add("name", score.name);
  if (score.data_type == "BOOLEAN") {
    fields.add("value", score.number == 1.0);
  } else if (score.data_type == "NUMERIC") {
    fields.add("value", score.number);
  } else {
    fields.add("value", score.text);
  }
  fields.add("dataType", score.data_type);
  fields.add("source", score.source);
  fields.add_time("timestamp", score.timestamp_ms);
  fields.add("environment", score.environment);
  fields.add_time("createdAt", score.created_ms);
  fields.add_time("updatedAt", score.updated_ms);
}

void write_score(const Score& score, const std::vector<std::string>& groups, JsonWriter& writer) {
  const auto has = [&groups](std::string_view group) {
    return std::find(groups.begin(), groups.end(), group) != groups.end();
  };
  ReplyFields fields(writer);
  write_core(score, fields);
  if (has("details")) {
    fields.add("comment", score.comment);
    fields.add("configId", score.config_id);
    fields.add_json("metadata", score.metadata.value_or("{}"));
  }
  if (has("subject")) write_subject(score, fields);
  if (has("annotation")) {
    fields.add_null("authorUserId");
    fields.add("queueId", score.queue_id);
  }
}

}  // namespace

HttpResponse ScoreReadsRoute::get(const HttpRequest& request) {
  try {
    const QueryReader query(request);
    const auto groups = query.field_groups({"details", "subject", "annotation"});
    const std::int64_t limit = query.limit(kLimit);
    std::vector<Score> rows = store_.scores(read_filter(request), {.limit = limit + 1});
    const bool has_more = rows.size() > static_cast<std::size_t>(limit);
    if (has_more) rows.pop_back();

    std::string body = "{\"data\":";
    JsonWriter writer(body);
    writer.begin_array();
    for (const Score& score : rows) write_score(score, groups, writer);
    writer.end_array();
    body += ",\"meta\":{\"limit\":" + std::to_string(limit);
    if (has_more) {
      body += ",\"cursor\":\"" + make_cursor(rows.back().timestamp_ms, {rows.back().id}) + "\"";
    }
    return json_reply(200, body + "}}");
  } catch (const BadRequest& error) {
    return invalid_parameter_reply("", error.what());
  }
}

}  // namespace llmtrace::collector
