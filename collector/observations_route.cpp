#include "collector/observations_route.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collector/bad_request.h"
#include "collector/json_reply.h"
#include "collector/metadata_text.h"
#include "collector/project.h"
#include "collector/query_reader.h"
#include "collector/reply_fields.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

constexpr LimitRange kLimit{.fallback = 50, .maximum = 1000};

struct View {
  std::vector<std::string> groups{};
  MetadataView metadata{};

  [[nodiscard]] bool has(std::string_view group) const {
    return std::find(groups.begin(), groups.end(), group) != groups.end();
  }
};

View read_view(const QueryReader& query) {
  View view{.groups = query.field_groups({"core", "basic", "time", "io", "metadata", "model",
                                          "usage", "prompt", "metrics", "trace_context"}),
            .metadata = {.is_truncated = true, .expanded = query.list("expandMetadata")}};
  if (view.groups.empty()) view.groups = {"basic"};
  return view;
}

void filter_parent(const HttpRequest& request, const QueryReader& query, RowFilter& filter) {
  const auto parent = request.parameter("parentObservationId");
  if (parent && parent->empty()) {
    filter.is_null("parent_id");
  } else {
    query.filter_equal(filter, "parentObservationId", "parent_id");
  }
  const auto is_root = request.parameter("isRootObservation");
  if (is_root == "true") filter.where("parent_id IS NULL OR is_app_root = 1");
  if (is_root == "false") filter.where("parent_id IS NOT NULL AND is_app_root IS NOT 1");
}

RowFilter read_filter(const HttpRequest& request) {
  const QueryReader query(request);
  if (query.has("filter")) throw BadRequest("'filter' is not supported by the local collector");
  if (request.parameter("parseIoAsJson") == "true") {
    throw BadRequest("parseIoAsJson is deprecated: input and output are always raw strings");
  }
  RowFilter filter;
  query.filter_equal(filter, "traceId", "trace_id");
  query.filter_equal(filter, "name", "name");
  query.filter_equal(filter, "userId", "user_id");
  query.filter_equal(filter, "sessionId", "session_id");
  query.filter_equal(filter, "type", "type");
  query.filter_equal(filter, "level", "level");
  query.filter_equal(filter, "version", "version");
  query.filter_list(filter, "environment", "environment");
  query.filter_times(filter, "fromStartTime", "toStartTime", "start_ms");
  filter_parent(request, query, filter);
  auto cursor = query.cursor(3);
  if (!cursor.empty()) filter.after("start_ms, trace_id, id", std::move(cursor));
  return filter;
}

std::optional<double> seconds_between(std::optional<std::int64_t> from,
                                      std::optional<std::int64_t> to) {
  if (!from || !to) return std::nullopt;
  return static_cast<double>(*to - *from) / 1000;
}

std::optional<double> total_cost(const Observation& row) {
  const auto costs = JsonValue::parse(row.cost_details.value_or("{}"));
  const JsonValue* total = costs ? costs->find("total") : nullptr;
  return total == nullptr ? std::nullopt : std::optional(total->as_double());
}

void write_core(const Observation& row, ReplyFields& fields) {
  fields.add("id", row.id);
  fields.add("traceId", row.trace_id);
  fields.add_time("startTime", row.start_ms);
  fields.add_time("endTime", row.end_ms);
  fields.add("projectId", kProjectId);
  fields.add("parentObservationId", row.parent_id);
  fields.add("type", row.type);
  for (const char* price : {"modelId", "inputPrice", "outputPrice", "totalPrice"}) {
    fields.add_null(price);  // the collector has no price table
  }
}

void write_basic(const Observation& row, ReplyFields& fields) {
  fields.add("name", row.name);
  fields.add("level", row.level);
  fields.add("statusMessage", row.status_message);
  fields.add("version", row.version);
  fields.add("environment", row.environment);
  fields.add("bookmarked", false);
  fields.add("public", row.is_public.value_or(false));
  fields.add("userId", row.user_id);
  fields.add("sessionId", row.session_id);
  fields.add("isRootObservation", !row.parent_id || row.is_app_root.value_or(false));
}

void write_model(const Observation& row, ReplyFields& fields) {
  fields.add("providedModelName", row.model);
  fields.add_null("internalModelId");
  fields.add_json("modelParameters", row.model_parameters.value_or("{}"));
}

void write_usage(const Observation& row, ReplyFields& fields) {
  fields.add_json("usageDetails", row.usage_details.value_or("{}"));
  fields.add_json("costDetails", row.cost_details.value_or("{}"));
  fields.add("totalCost", total_cost(row));
  fields.add_null("usagePricingTierName");
}

void write_prompt(const Observation& row, ReplyFields& fields) {
  fields.add_null("promptId");
  fields.add("promptName", row.prompt_name);
  fields.add("promptVersion", row.prompt_version);
}

void write_observation(const Observation& row, const View& view, JsonWriter& writer) {
  ReplyFields fields(writer);
  write_core(row, fields);
  if (view.has("basic")) write_basic(row, fields);
  if (view.has("time")) {
    fields.add_time("completionStartTime", row.completion_start_ms);
    fields.add_time("createdAt", row.created_ms);
    fields.add_time("updatedAt", row.updated_ms);
  }
  if (view.has("io")) {
    fields.add("input", row.input);
    fields.add("output", row.output);
  }
  if (view.has("metadata")) fields.add_json("metadata", metadata_json(row.metadata, view.metadata));
  if (view.has("model")) write_model(row, fields);
  if (view.has("usage")) write_usage(row, fields);
  if (view.has("prompt")) write_prompt(row, fields);
  if (view.has("metrics")) {
    fields.add("latency", seconds_between(row.start_ms, row.end_ms));
    fields.add("timeToFirstToken", seconds_between(row.start_ms, row.completion_start_ms));
  }
  if (view.has("trace_context")) {
    fields.add_json("tags", row.tags.value_or("[]"));
    fields.add("release", row.release);
    fields.add("traceName", row.trace_name);
  }
}

HttpResponse page_reply(std::vector<Observation> rows, std::int64_t limit, const View& view) {
  std::string body = "{\"data\":";
  JsonWriter writer(body);
  const bool has_more = rows.size() > static_cast<std::size_t>(limit);
  if (has_more) rows.pop_back();
  writer.begin_array();
  for (const Observation& row : rows) write_observation(row, view, writer);
  writer.end_array();
  body += ",\"meta\":{";
  if (has_more) {
    const Observation& last = rows.back();
    body +=
        "\"cursor\":\"" + make_cursor(last.start_ms.value_or(0), {last.trace_id, last.id}) + "\"";
  }
  return json_reply(200, body + "}}");
}

}  // namespace

HttpResponse ObservationsRoute::get(const HttpRequest& request) {
  try {
    const QueryReader query(request);
    const View view = read_view(query);
    const std::int64_t limit = query.limit(kLimit);
    return page_reply(store_.observations(read_filter(request), {.limit = limit + 1}), limit, view);
  } catch (const BadRequest& error) {
    return invalid_parameter_reply("", error.what());
  }
}

}  // namespace llmtrace::collector
