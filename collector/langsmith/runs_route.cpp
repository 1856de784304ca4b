#include "collector/langsmith/runs_route.h"

#include <utility>

#include "collector/iso_time.h"
#include "collector/json_reply.h"
#include "collector/langsmith/multipart.h"
#include "collector/langsmith/replies.h"
#include "collector/langsmith/run_body.h"
#include "collector/langsmith/uuid.h"
#include "collector/unpacked_body.h"

namespace llmtrace::collector {
namespace {

RunBatch read_single(std::string_view json, RunRules rules) {
  if (!is_json(json)) throw UnprocessableEntity("the body is not valid JSON");
  rules.is_single = true;
  RunBatch batch;
  batch.operations.push_back(read_run(run_fields(json, "run"), rules));
  return batch;
}

}  // namespace

// `read` makes a RunBatch of the unpacked body.
template <class Read>
HttpResponse RunsRoute::take(const HttpRequest& request, std::string_view done, const Read& read) {
  return ingest_reply([&] {
    const UnpackedBody body(request, {.gzip = options_.takes_gzip, .zstd = options_.takes_zstd},
                            options_.body_limit_bytes);
    if (store_.put(read(body.bytes())) > 0) {
      return error_reply(409, "Conflict: payload already received: payloads already received");
    }
    return message_reply(202, done);
  });
}

HttpResponse RunsRoute::post(const HttpRequest& request) {
  return take(request, "Run created", [&](std::string_view body) {
    return read_single(body, {.operation = Operation::Post, .name_limit = options_.name_limit});
  });
}

HttpResponse RunsRoute::patch(const HttpRequest& request, std::string_view id) {
  return take(request, "Run updated", [&](std::string_view body) {
    const auto run_id = read_uuid(id);
    if (!run_id) throw UnprocessableEntity("run_id must be a UUID");
    RunBatch batch = read_single(
        body, {.operation = Operation::Patch, .id = *run_id, .name_limit = options_.name_limit});
    // Without its trace it can only be laid over a run that is there.
    if (!batch.operations.front().run.trace_id && !store_.is_known(*run_id)) {
      throw NotFound("Run " + *run_id + " not found");
    }
    return batch;
  });
}

HttpResponse RunsRoute::post_batch(const HttpRequest& request) {
  return take(request, "Runs batch ingested",
              [&](std::string_view body) { return read_run_batch(body, body_rules()); });
}

HttpResponse RunsRoute::post_multipart(const HttpRequest& request) {
  return take(request, "Runs batch ingested", [&](std::string_view body) {
    const std::string boundary = multipart_boundary(request.header("Content-Type").value_or(""));
    return read_run_parts(read_multipart(body, boundary), body_rules());
  });
}

RunBodyRules RunsRoute::body_rules() const {
  return {.name_limit = options_.name_limit,
          .feedback_needs_session = options_.feedback_needs_session,
          .received_us = now_us()};
}

HttpResponse RunsRoute::too_large() {
  return error_reply(413, "Request entity too large: send fewer runs at a time");
}

}  // namespace llmtrace::collector
