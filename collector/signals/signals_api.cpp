#include "collector/signals/signals_api.h"

#include <llmtrace/json_writer.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <protozero/pbf_writer.hpp>
#include <utility>

#include "collector/api/api_error.h"
#include "collector/api/api_fields.h"
#include "collector/json_reply.h"
#include "collector/otlp_json.h"
#include "collector/plain_otlp_route.h"
#include "collector/signals/evaluation.h"
#include "collector/signals/log_json.h"
#include "collector/signals/metric_count.h"
#include "collector/span_attributes.h"
#include "collector/traces/trace_ids.h"
#include "collector/unpacked_body.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

constexpr std::int64_t kMostLogs = 10'000;  // of one reply

// A content type that a page cannot send across origins without asking first, which nobody answers.
bool is_protobuf(const HttpRequest& request) {
  const std::string_view type = request.header("Content-Type").value_or("");
  if (type.starts_with("application/x-protobuf")) return true;
  if (type.starts_with("application/json")) return false;
  throw ApiError(415, "unsupported_media_type",
                 "Content-Type must be application/x-protobuf or application/json");
}

// Nothing was refused; `message` is a partial success's warning, or empty.
HttpResponse export_reply(bool protobuf, std::string_view message) {
  if (!protobuf) {
    if (message.empty()) return json_reply(200, "{}");
    std::string partial_success;
    JsonWriter(partial_success).object({{"errorMessage", message}});
    return json_reply(200, "{\"partialSuccess\":" + partial_success + "}");
  }
  std::string body;
  if (!message.empty()) {
    protozero::pbf_writer reply(body);
    protozero::pbf_writer partial_success(reply, 1);
    partial_success.add_string(2, message.data(), message.size());
  }
  return {.body = std::move(body), .content_type = "application/x-protobuf"};
}

std::vector<Score> scores_of(const std::vector<OtlpLogGroup>& groups) {
  std::vector<Score> scores;
  for (const OtlpLogGroup& group : groups) {
    for (const OtlpLogRecord& record : group.records) {
      if (auto score = score_of(record)) scores.push_back(std::move(*score));
    }
  }
  return scores;
}

HttpResponse takes_no_body() {
  return api_error_reply({413, "too_large", "this request takes no body"});
}

}  // namespace

SignalsApi::SignalsApi(Database& database, const TraceIndex& index, Store& scores)
    : logs_(database), index_(index), scores_(scores) {}

std::vector<Route> SignalsApi::routes() {
  return {
      {.method = "POST",
       .path = "/v1/logs",
       .body_limit_bytes = PlainOtlpRoute::kBodyLimitBytes,
       .too_large = &PlainOtlpRoute::too_large,
       .answer = [this](const HttpRequest& request) { return put_logs(request); }},
      {.method = "POST",
       .path = "/v1/metrics",
       .body_limit_bytes = PlainOtlpRoute::kBodyLimitBytes,
       .too_large = &PlainOtlpRoute::too_large,
       .answer = [this](const HttpRequest& request) { return discard_metrics(request); }},
      {.method = "GET",
       .path = "/api/traces/{}/logs",
       .too_large = &takes_no_body,
       .answer =
           [this](const HttpRequest& request) { return logs_of(path_segment(request.path, 1)); }},
  };
}

HttpResponse SignalsApi::put_logs(const HttpRequest& request) {
  return api_answer([&] {
    const bool protobuf = is_protobuf(request);
    const UnpackedBody body(request, {.gzip = true}, PlainOtlpRoute::kBodyLimitBytes);
    const auto groups =
        protobuf ? decode_otlp_logs_protobuf(body.bytes()) : decode_otlp_logs_json(body.bytes());
    // First what may come again without becoming two.
    const StoreBatch batch{.scores = scores_of(groups)};
    if (!batch.scores.empty()) scores_.put(batch);
    index_.announce({.trace_ids = logs_.put(groups)});
    return export_reply(protobuf, "");
  });
}

HttpResponse SignalsApi::discard_metrics(const HttpRequest& request) {
  return api_answer([&] {
    const bool protobuf = is_protobuf(request);
    const UnpackedBody body(request, {.gzip = true}, PlainOtlpRoute::kBodyLimitBytes);
    const std::size_t points =
        protobuf ? count_points_protobuf(body.bytes()) : count_points_json(body.bytes());
    if (points == 0) return export_reply(protobuf, "");
    std::call_once(metrics_told_, [] {
      std::fputs(
          "llmtrace-collector: it keeps no metrics: those that come to /v1/metrics are read and "
          "discarded; send them to a metrics backend with OTEL_EXPORTER_OTLP_METRICS_ENDPOINT\n",
          stderr);
    });
    return export_reply(protobuf, "llmtrace-collector keeps no metrics: " + std::to_string(points) +
                                      " data points were discarded");
  });
}

HttpResponse SignalsApi::logs_of(std::string_view trace) {
  return api_answer([&] {
    const std::string trace_id = trace_id_of(trace);
    const std::vector<StoredLog> logs = logs_.logs_of(trace_id, kMostLogs);
    const std::int64_t start_us = logs.empty() ? 0 : logs_.start_of(trace_id, logs.front());
    std::string json = "{\"logs\":";
    JsonWriter writer(json);
    writer.begin_array();
    for (const StoredLog& log : logs) write_log(writer, log, start_us);
    writer.end_array();
    json += '}';
    return json_reply(200, std::move(json));
  });
}

}  // namespace llmtrace::collector
