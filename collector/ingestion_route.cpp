#include "collector/ingestion_route.h"

#include <llmtrace/json_writer.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collector/ingestion_event.h"
#include "collector/iso_time.h"
#include "collector/json_body.h"
#include "collector/json_reply.h"

namespace llmtrace::collector {
namespace {

struct Verdict {
  int status = 201;
  std::string message{};
};

Verdict judge(const IngestionEvent& event, Behaviour behaviour, Access access) {
  if (!event.issues.empty()) return {.status = 400, .message = "Invalid request data"};
  if (event.kind == EventKind::Score || event.kind == EventKind::SdkLog) return {};
  if (access != Access::Project) return {.status = 401, .message = "Authentication error"};
  if (behaviour != Behaviour::V2) return {.status = 400, .message = "Event type not accepted"};
  return {};
}

void write_error(JsonWriter& writer, const IngestionEvent& event, const Verdict& verdict) {
  writer.begin_object();
  writer.key("id");
  writer.string(event.id);
  writer.key("status");
  writer.integer(verdict.status);
  writer.key("message");
  writer.string(verdict.message);
  if (!event.issues.empty()) {
    writer.key("error");
    writer.string(to_json_text(event.issues));
  }
  writer.end_object();
}

template <class Row>
void append(std::vector<Row>& rows, std::vector<Row>&& more) {
  rows.insert(rows.end(), std::make_move_iterator(more.begin()),
              std::make_move_iterator(more.end()));
}

// Creates before updates, then by time, whatever order the client sent: the real server's order.
StoreBatch ordered_rows(std::vector<IngestionEvent> accepted) {
  std::stable_sort(accepted.begin(), accepted.end(), [](const auto& left, const auto& right) {
    return std::pair(left.is_update, left.timestamp_ms) <
           std::pair(right.is_update, right.timestamp_ms);
  });
  StoreBatch batch;
  for (IngestionEvent& event : accepted) {
    append(batch.observation_updates, std::move(event.rows.observation_updates));
    append(batch.trace_updates, std::move(event.rows.trace_updates));
    append(batch.implied_traces, std::move(event.rows.implied_traces));
    append(batch.scores, std::move(event.rows.scores));
  }
  return batch;
}

HttpResponse batch_is_no_array() {
  return json_reply(400,
                    R"({"message":"Invalid request data","errors":["batch must be an array"]})");
}

}  // namespace

HttpResponse IngestionRoute::post(const HttpRequest& request, Access access) {
  const auto body = read_json_body(request);
  if (!body) return invalid_json_reply();
  if (!(*body)["batch"].is_array()) return batch_is_no_array();

  const std::int64_t received_ms = now_ms();
  std::vector<IngestionEvent> accepted;
  std::string successes;
  std::string errors;
  JsonWriter success_writer(successes);
  JsonWriter error_writer(errors);
  success_writer.begin_array();
  error_writer.begin_array();
  for (const JsonValue& json : (*body)["batch"].elements()) {
    IngestionEvent event = read_ingestion_event(json, received_ms);
    const Verdict verdict = judge(event, behaviour_, access);
    if (verdict.status != 201) {
      write_error(error_writer, event, verdict);
      continue;
    }
    success_writer.object({{"id", event.id}, {"status", verdict.status}});
    accepted.push_back(std::move(event));
  }
  success_writer.end_array();
  error_writer.end_array();
  store_.put(ordered_rows(std::move(accepted)));
  return json_reply(207, "{\"successes\":" + successes + ",\"errors\":" + errors + "}");
}

HttpResponse IngestionRoute::too_large() { return text_reply(413, "Body exceeded 4.5mb limit"); }

}  // namespace llmtrace::collector
