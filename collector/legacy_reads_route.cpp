#include "collector/legacy_reads_route.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "collector/bad_request.h"
#include "collector/json_reply.h"
#include "collector/metadata_text.h"
#include "collector/project.h"
#include "collector/query_reader.h"
#include "collector/reply_fields.h"
#include "common/src/json_text.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

constexpr LimitRange kLimit{.fallback = 50, .maximum = 100};
constexpr int kValueDepth = JsonValue::kDefaultMaxDepth - 8;  // it stands inside a reply

// Input and output as JSON values: text that is JSON becomes that value again.
std::optional<std::string> value_json(const std::optional<std::string>& stored) {
  if (!stored || JsonValue::is_valid(*stored, kValueDepth)) return stored;
  std::string quoted;
  append_json_string(quoted, *stored);
  return quoted;
}

std::string usage_summary(const Observation& row) {
  const JsonValue usage = JsonValue::parse(row.usage_details.value_or("{}")).value_or(JsonValue());
  const JsonValue costs = JsonValue::parse(row.cost_details.value_or("{}")).value_or(JsonValue());
  std::string json;
  JsonWriter writer(json);
  ReplyFields fields(writer);
  for (const char* bucket : {"input", "output", "total"}) {
    fields.add(bucket, usage[bucket].as_integer());
  }
  fields.add("unit", "TOKENS");
  for (const char* bucket : {"input", "output", "total"}) {
    const JsonValue* cost = costs.find(bucket);
    fields.add_json(std::string(bucket) + "Cost",
                    cost == nullptr ? std::nullopt : std::optional(cost->to_text()));
  }
  return json;
}

void write_observation(const Observation& row, JsonWriter& writer) {
  ReplyFields fields(writer);
  fields.add("id", row.id);
  fields.add("traceId", row.trace_id);
  fields.add("projectId", kProjectId);
  fields.add("type", row.type);
  fields.add("name", row.name);
  fields.add_time("startTime", row.start_ms ? row.start_ms : row.created_ms);
  fields.add_time("endTime", row.end_ms);
  fields.add_time("completionStartTime", row.completion_start_ms);
  fields.add("model", row.model);
  fields.add_json("modelParameters", row.model_parameters.value_or("{}"));
  fields.add_json("input", value_json(row.input));
  fields.add_json("output", value_json(row.output));
  fields.add("version", row.version);
  fields.add_json("metadata", metadata_json(row.metadata, {}));
  fields.add_json("usage", usage_summary(row));
  fields.add("level", row.level.value_or("DEFAULT"));
  fields.add("statusMessage", row.status_message);
  fields.add("parentObservationId", row.parent_id);
  fields.add_null("promptId");
  fields.add("promptName", row.prompt_name);
  fields.add("promptVersion", row.prompt_version);
  fields.add_json("usageDetails", row.usage_details.value_or("{}"));
  fields.add_json("costDetails", row.cost_details.value_or("{}"));
  fields.add("environment", row.environment.value_or("default"));
}

void write_score_fields(const Score& score, ReplyFields& fields) {
  fields.add("id", score.id);
  fields.add("traceId", score.trace_id);
  fields.add("name", score.name);
  fields.add("source", score.source);
  fields.add("observationId", score.observation_id);
  fields.add("sessionId", score.session_id);
  fields.add_time("timestamp", score.timestamp_ms);
  fields.add_time("createdAt", score.created_ms);
  fields.add_time("updatedAt", score.updated_ms);
  fields.add_null("authorUserId");
  fields.add("comment", score.comment);
  fields.add_json("metadata", score.metadata.value_or("{}"));
  fields.add("configId", score.config_id);
  fields.add("queueId", score.queue_id);
  fields.add("environment", score.environment);
  fields.add("dataType", score.data_type);
  fields.add("value", score.number.value_or(0));  // 0 stands for a category without a number
  if (score.data_type == "BOOLEAN") {
    fields.add("stringValue", score.number == 1.0 ? "True" : "False");
  } else if (score.text) {
    fields.add("stringValue", score.text);
  }
}

std::optional<double> latency_seconds(const std::vector<Observation>& rows) {
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  for (const Observation& row : rows) {
    const std::int64_t start = row.start_ms.value_or(row.created_ms);
    first = std::min(first, start);
    last = std::max(last, row.end_ms.value_or(start));
  }
  if (rows.empty()) return std::nullopt;
  return static_cast<double>(last - first) / 1000;
}

double total_cost(const std::vector<Observation>& rows) {
  double total = 0;
  for (const Observation& row : rows) {
    const auto costs = JsonValue::parse(row.cost_details.value_or("{}"));
    if (costs) total += (*costs)["total"].as_double();
  }
  return total;
}

void write_trace_fields(const Trace& trace, ReplyFields& fields) {
  fields.add("id", trace.id);
  fields.add_time("timestamp", trace.timestamp_ms ? trace.timestamp_ms : trace.created_ms);
  fields.add("name", trace.name);
  fields.add_json("input", value_json(trace.input));
  fields.add_json("output", value_json(trace.output));
  fields.add("sessionId", trace.session_id);
  fields.add("release", trace.release);
  fields.add("version", trace.version);
  fields.add("userId", trace.user_id);
  fields.add_json("metadata", metadata_json(trace.metadata, {}));
  fields.add_json("tags", trace.tags.value_or("[]"));
  fields.add("public", trace.is_public.value_or(false));
  fields.add("environment", trace.environment.value_or("default"));
  fields.add("htmlPath", "/project/" + std::string(kProjectId) + "/traces/" + trace.id);
}

std::string scores_json(const std::vector<Score>& scores) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_array();
  for (const Score& score : scores) {
    ReplyFields fields(writer);
    write_score_fields(score, fields);
  }
  writer.end_array();
  return json;
}

std::string observations_json(const std::vector<Observation>& rows) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_array();
  for (const Observation& row : rows) write_observation(row, writer);
  writer.end_array();
  return json;
}

// What both lists share: filters by trace, name and environment, and numbered pages.
template <class ReadFilter, class RowsJson>
HttpResponse page_reply(Store& store, std::string_view table, const HttpRequest& request,
                        const ReadFilter& read_filter, const RowsJson& rows_json) {
  try {
    const QueryReader query(request);
    RowFilter filter;
    query.filter_equal(filter, "traceId", "trace_id");
    query.filter_equal(filter, "name", "name");
    query.filter_list(filter, "environment", "environment");
    read_filter(query, filter);
    const std::int64_t page = query.page();
    const std::int64_t limit = query.limit(kLimit);
    const std::string data =
        rows_json(filter, RowPage{.limit = limit, .offset = (page - 1) * limit});
    const std::int64_t total = store.count(table, filter);
    std::string meta;
    JsonWriter(meta).object({{"page", page},
                             {"limit", limit},
                             {"totalItems", total},
                             {"totalPages", (total + limit - 1) / limit}});
    return json_reply(200, "{\"data\":" + data + ",\"meta\":" + meta + "}");
  } catch (const BadRequest& error) {
    return invalid_parameter_reply("", error.what());
  }
}

}  // namespace

HttpResponse LegacyReadsRoute::get_trace(std::string_view id) {
  const auto trace = store_.trace(id);
  if (!trace) {
    return named_error_reply(404, "LangfuseNotFoundError",
                             "Trace " + std::string(id) + " not found within authorized project");
  }
  RowFilter filter;
  filter.equal("trace_id", std::string(id));
  const auto observations = store_.observations(filter, kAllRows);
  std::string body;
  JsonWriter writer(body);
  {
    ReplyFields fields(writer);
    write_trace_fields(*trace, fields);
    fields.add("latency", latency_seconds(observations));
    fields.add("totalCost", total_cost(observations));
    fields.add_json("observations", observations_json(observations));
    fields.add_json("scores", scores_json(store_.scores(filter, kAllRows)));
  }
  return json_reply(200, std::move(body));
}

HttpResponse LegacyReadsRoute::get_observations(const HttpRequest& request) {
  const auto read_filter = [](const QueryReader& query, RowFilter& filter) {
    query.filter_equal(filter, "type", "type");
    query.filter_equal(filter, "level", "level");
    query.filter_equal(filter, "version", "version");
    query.filter_equal(filter, "parentObservationId", "parent_id");
    query.filter_times(filter, "fromStartTime", "toStartTime", "start_ms");
  };
  const auto rows_json = [this](const RowFilter& filter, const RowPage& page) {
    return observations_json(store_.observations(filter, page));
  };
  return page_reply(store_, Observation::kTable, request, read_filter, rows_json);
}

HttpResponse LegacyReadsRoute::get_scores(const HttpRequest& request) {
  const auto read_filter = [](const QueryReader& query, RowFilter& filter) {
    query.filter_equal(filter, "source", "source");
    query.filter_equal(filter, "dataType", "data_type");
    query.filter_times(filter, "fromTimestamp", "toTimestamp", "timestamp_ms");
  };
  const auto rows_json = [this](const RowFilter& filter, const RowPage& page) {
    return scores_json(store_.scores(filter, page));
  };
  return page_reply(store_, Score::kTable, request, read_filter, rows_json);
}

}  // namespace llmtrace::collector
