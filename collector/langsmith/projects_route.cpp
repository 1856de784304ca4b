#include "collector/langsmith/projects_route.h"

#include <llmtrace/json_writer.h>

#include <string>
#include <utility>

#include "collector/iso_time.h"
#include "collector/json_reply.h"
#include "collector/langsmith/list_query.h"
#include "collector/langsmith/replies.h"
#include "collector/langsmith/uuid.h"
#include "collector/reply_fields.h"

namespace llmtrace::collector {
namespace {

void write_project(const ProjectRow& project, std::int64_t run_count, JsonWriter& writer) {
  ReplyFields fields(writer);
  fields.add("id", project.id);
  fields.add("name", project.name);
  fields.add("tenant_id", kTenantId);
  fields.add("start_time", to_naive_text_us(project.created_us));
  fields.add("run_count", run_count);
  for (const char* name : {"end_time", "extra", "description", "default_dataset_id",
                           "reference_dataset_id", "trace_tier"}) {
    fields.add_null(name);
  }
}

}  // namespace

HttpResponse ProjectsRoute::list(const HttpRequest& request) {
  return api_reply([&] {
    RowFilter filter;
    const ListQuery query(request);
    query.filter_uuids(filter, "id", "id");
    query.filter_any_of(filter, "name", "name");
    if (const auto part = request.parameter("name_contains")) filter.contains("name", *part);
    std::string json;
    JsonWriter writer(json);
    writer.begin_array();
    for (const ProjectRow& project : store_.projects(filter, query.page())) {
      write_project(project, store_.run_count(project.id), writer);
    }
    writer.end_array();
    return json_reply(200, std::move(json));
  });
}

HttpResponse ProjectsRoute::get(std::string_view id) {
  return api_reply([&] {
    const auto project_id = read_uuid(id);
    if (!project_id) throw UnprocessableEntity("session_id must be a UUID");
    RowFilter filter;
    filter.equal("id", *project_id);
    const auto projects = store_.projects(filter, {.limit = 1});
    if (projects.empty()) throw NotFound("Session not found");
    std::string json;
    JsonWriter writer(json);
    write_project(projects.front(), store_.run_count(*project_id), writer);
    return json_reply(200, std::move(json));
  });
}

}  // namespace llmtrace::collector
