#include "collector/langsmith/feedback_route.h"

#include <string>
#include <utility>
#include <vector>

#include "collector/iso_time.h"
#include "collector/json_reply.h"
#include "collector/langsmith/feedback_json.h"
#include "collector/langsmith/feedback_reader.h"
#include "collector/langsmith/list_query.h"
#include "collector/langsmith/replies.h"
#include "collector/langsmith/uuid.h"
#include "collector/unpacked_body.h"

namespace llmtrace::collector {
namespace {

std::string checked_id(std::string_view text) {
  auto id = read_uuid(text);
  if (!id) throw UnprocessableEntity("feedback_id must be a UUID");
  return *id;
}

void check_json(std::string_view body) {
  if (!is_json(body)) throw UnprocessableEntity("the body is not valid JSON");
}

}  // namespace

HttpResponse FeedbackRoute::post(const HttpRequest& request) {
  return api_reply([&] {
    check_json(request.body);
    Feedback feedback =
        read_feedback(request.body, "feedback",
                      {.needs_session = options_.feedback_needs_session, .received_us = now_us()});
    if (feedback.run_id && !store_.is_known(*feedback.run_id)) throw NotFound("Run not found");
    return json_reply(200, feedback_json(store_.put(std::move(feedback))));
  });
}

HttpResponse FeedbackRoute::list(const HttpRequest& request) {
  return api_reply([&] {
    RowFilter filter;
    const ListQuery query(request);
    query.filter_uuids(filter, "run", "run_id");
    query.filter_uuids(filter, "session", "session_id");
    query.filter_any_of(filter, "key", "key");
    query.filter_any_of(filter, "source", "COALESCE(json_extract(source, '$.type'), 'api')");
    return json_reply(200, feedback_json(store_.feedback(filter, query.page())));
  });
}

HttpResponse FeedbackRoute::get(std::string_view id) {
  return api_reply([&] {
    const auto feedback = store_.feedback(checked_id(id));
    if (!feedback) throw NotFound("Feedback not found");
    return json_reply(200, feedback_json(*feedback));
  });
}

HttpResponse FeedbackRoute::patch(const HttpRequest& request, std::string_view id) {
  return api_reply([&] {
    check_json(request.body);
    const auto feedback = store_.update_feedback(checked_id(id), [&](Feedback& stored) {
      update_feedback(stored, request.body, "feedback");
      stored.modified_us = now_us();
    });
    if (!feedback) throw NotFound("Feedback not found");
    return json_reply(200, feedback_json(*feedback));
  });
}

HttpResponse FeedbackRoute::remove(std::string_view id) {
  return api_reply([&] {
    if (!store_.remove_feedback(checked_id(id))) throw NotFound("Feedback not found");
    return json_reply(200, "{}");
  });
}

}  // namespace llmtrace::collector
