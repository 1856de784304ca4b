#include "collector/langsmith/run_reads_route.h"

#include <llmtrace/json_writer.h>

#include <utility>

#include "collector/json_reply.h"
#include "collector/langsmith/base_url.h"
#include "collector/langsmith/replies.h"
#include "collector/langsmith/run_json.h"
#include "collector/langsmith/run_query.h"
#include "collector/langsmith/uuid.h"
#include "collector/query_reader.h"

namespace llmtrace::collector {

HttpResponse RunReadsRoute::get(const HttpRequest& request, std::string_view id) {
  return api_reply([&] {
    const auto run_id = read_uuid(id);
    if (!run_id) throw UnprocessableEntity("run_id must be a UUID");
    const auto run = store_.run(*run_id);
    if (!run) throw NotFound("Run not found");
    const std::string runs = runs_json({*run}, request);
    return json_reply(200, runs.substr(1, runs.size() - 2));
  });
}

HttpResponse RunReadsRoute::query(const HttpRequest& request) {
  return api_reply([&] {
    RunQuery query = read_run_query(request.body);
    std::vector<Run> runs =
        store_.runs(std::move(query.filter), query.is_ascending, {.limit = query.limit + 1});
    const bool has_more = runs.size() > static_cast<std::size_t>(query.limit);
    if (has_more) runs.pop_back();
    const std::string next =
        has_more ? '"' + make_cursor(runs.back().start_us.value_or(0), {runs.back().id}) + '"'
                 : "null";
    return json_reply(200,
                      "{\"runs\":" + runs_json(runs, request) + ",\"cursors\":{\"next\":" + next +
                          ",\"prev\":null},\"search_cursors\":null," + "\"parsed_query\":null}");
  });
}

HttpResponse RunReadsRoute::get_attachment(std::string_view run_id, std::string_view name) {
  return api_reply([&] {
    const auto id = read_uuid(run_id);
    auto attachment = id ? store_.attachment(*id, name) : std::nullopt;
    if (!attachment) throw NotFound("Attachment not found");
    // Not under its own type: a page from outside must not run here.
    return HttpResponse{.body = std::move(attachment->content.bytes),
                        .content_type = "application/octet-stream"};
  });
}

std::string RunReadsRoute::runs_json(const std::vector<Run>& runs, const HttpRequest& request) {
  std::vector<std::string> ids;
  for (const Run& run : runs) ids.push_back(run.id);
  RowFilter by_run;
  by_run.any_of("run_id", ids);
  const RunSurroundings surroundings{.feedback = store_.feedback(by_run, kAllRows),
                                     .attachments = store_.attachments(ids),
                                     .base_url = base_url_of(request)};
  std::string json;
  JsonWriter writer(json);
  writer.begin_array();
  for (const Run& run : runs) write_run(run, surroundings, writer);
  writer.end_array();
  return json;
}

}  // namespace llmtrace::collector
