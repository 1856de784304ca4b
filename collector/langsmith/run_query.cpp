#include "collector/langsmith/run_query.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "collector/bad_request.h"
#include "collector/langsmith/json_fields.h"
#include "collector/langsmith/uuid.h"
#include "collector/query_reader.h"
#include "common/src/json_text.h"

namespace llmtrace::collector {
namespace {

constexpr std::array<std::string_view, 18> kFields = {
    "id",         "trace",    "parent_run", "run_type",     "session",     "reference_example",
    "start_time", "end_time", "error",      "is_root",      "cursor",      "limit",
    "order",      "query",    "filter",     "trace_filter", "tree_filter", "search_filter"};

bool filter_ids(const JsonFields& fields, std::string_view name, const char* column,
                RowFilter& filter) {
  const auto array = fields.array(name, '"');
  if (!array) return false;
  std::vector<std::string> ids;
  JsonArrayReader reader(*array);
  for (std::string_view element; reader.next(element);) {
    const auto id = read_uuid(unescape_json_string(element));
    if (!id) fields.reject(name, "must hold UUIDs");
    ids.push_back(*id);
    if (ids.size() > 1000) fields.reject(name, "must hold at most 1000");
  }
  filter.any_of(column, ids);
  return true;
}

bool filter_id(const JsonFields& fields, std::string_view name, const char* column,
               RowFilter& filter) {
  auto id = fields.uuid(name);
  if (!id) return false;
  filter.equal(column, std::move(*id));
  return true;
}

void filter_rest(const JsonFields& fields, RowFilter& filter) {
  if (auto run_type = fields.text("run_type")) filter.equal("run_type", std::move(*run_type));
  if (const auto error = fields.boolean("error")) {
    filter.where(*error ? "error IS NOT NULL" : "error IS NULL");
  }
  if (const auto is_root = fields.boolean("is_root")) {
    filter.where(*is_root ? "parent_id IS NULL" : "parent_id IS NOT NULL");
  }
  if (const auto from = fields.time_us("start_time")) filter.at_least("start_us", *from);
  if (const auto to = fields.time_us("end_time")) filter.less_than("start_us", *to);
}

}  // namespace

RunQuery read_run_query(std::string_view json) {
  if (!is_json(json)) throw UnprocessableEntity("the body is not valid JSON");
  const JsonFields fields(json, "the query", kFields);
  for (const char* name : {"query", "filter", "trace_filter", "tree_filter", "search_filter"}) {
    if (!fields.raw(name).empty()) fields.reject(name, "is not supported by the local collector");
  }
  RunQuery query;
  const bool names_ids = filter_ids(fields, "id", "id", query.filter);
  const bool names_session = filter_ids(fields, "session", "session_id", query.filter);
  const bool names_example =
      filter_ids(fields, "reference_example", "reference_example_id", query.filter);
  const bool names_trace = filter_id(fields, "trace", "trace_id", query.filter);
  const bool names_parent = filter_id(fields, "parent_run", "parent_id", query.filter);
  if (!names_ids && !names_session && !names_example && !names_trace && !names_parent) {
    throw BadRequest(
        "At least one of 'session', 'id', 'parent_run', 'trace' or "
        "'reference_example' must be specified");
  }
  filter_rest(fields, query.filter);
  query.is_ascending = fields.text("order") == "asc";
  query.limit = fields.integer("limit").value_or(query.limit);
  if (query.limit < 1 || query.limit > 100) fields.reject("limit", "must be 1 to 100");
  if (const auto cursor = fields.text("cursor")) {
    auto values = read_cursor(*cursor, 2);
    query.is_ascending ? query.filter.after_ascending("start_us, id", std::move(values))
                       : query.filter.after("start_us, id", std::move(values));
  }
  return query;
}

}  // namespace llmtrace::collector
