#include "bench/sink_service.h"

#include <functional>

#include "bench/otlp_reader.h"
#include "common/src/json_value.h"

namespace llmtrace::bench {
namespace {

// Ids of other forms than OTLP's (the legacy batch allows any text) are told apart by their hash.
std::uint64_t observation_key(const std::string& id) {
  const std::uint64_t value = span_id_from_hex(id);
  return value != 0 ? value : std::hash<std::string>()(id) | 1U;
}

bool is_score(const JsonValue& score) {
  return score["name"].is_string() && (score["value"].is_number() || score["value"].is_string());
}

}  // namespace

SinkReply SinkService::answer(const SinkRequest& request) {
  if (request.method == "GET" && request.path == "/stats") return {.body = stats_text()};
  if (request.method != "POST") return {.status = 404, .body = "{}"};
  ++stats_.requests;
  stats_.bytes += request.body_size;
  if (request.content_encoding.empty()) {
    return answer_post(request.path, request.content_type, request.body, request.body_size);
  }
  if (request.content_encoding != "gzip") return refuse("the content encoding is not gzip");
  if (!gunzip_.unpack({request.body, request.body_size})) return refuse("the body is not gzip");
  return answer_post(request.path, request.content_type, gunzip_.data(), gunzip_.size());
}

SinkReply SinkService::answer_post(std::string_view path, std::string_view content_type, char* body,
                                   std::size_t size) {
  if (path.ends_with("/v1/traces")) return take_spans(content_type, body, size);
  if (path == "/api/public/scores") return take_scores({body, size});
  if (path == "/api/public/ingestion") return take_ingestion({body, size});
  return {.status = 404, .body = "{}"};
}

SinkReply SinkService::take_spans(std::string_view content_type, char* body, std::size_t size) {
  span_ids_.clear();
  if (content_type.starts_with("application/x-protobuf")) {
    if (!read_otlp_protobuf({body, size}, span_ids_))
      return refuse("the body is not OTLP protobuf");
    insert(span_ids_);
    return {.content_type =
                "application/x-protobuf"};  // an ExportTraceServiceResponse without fields
  }
  if (!read_otlp_json(body, size, span_ids_)) return refuse("the body is not OTLP JSON");
  insert(span_ids_);
  return {.body = "{}"};
}

SinkReply SinkService::take_scores(std::string_view body) {
  const auto parsed = JsonValue::parse(body);
  if (!parsed || !parsed->is_array()) return refuse("the body is not an array of scores");
  for (const JsonValue& score : parsed->elements()) {
    if (!is_score(score)) return refuse("a score has no name or no value");
  }
  stats_.scores += parsed->elements().size();
  return {.status = 207,
          .body = R"({"accepted":)" + std::to_string(parsed->elements().size()) +
                  R"(,"rejected":0,"errors":[]})"};
}

SinkReply SinkService::take_ingestion(std::string_view body) {
  const auto parsed = JsonValue::parse(body);
  if (!parsed || !(*parsed)["batch"].is_array()) return refuse("the body has no batch");
  span_ids_.clear();
  std::uint64_t scores = 0;
  for (const JsonValue& event : (*parsed)["batch"].elements()) {
    const std::string& type = event["type"].as_string();
    const std::string& id = event["body"]["id"].as_string();
    if (type.empty() || id.empty()) return refuse("an event has no type, or its body no id");
    if (type == "score-create") {
      scores += is_score(event["body"]) ? 1 : 0;
    } else if (type != "trace-create" && type.ends_with("-create")) {
      span_ids_.push_back(observation_key(id));
    }
  }
  stats_.scores += scores;
  insert(span_ids_);
  return {.status = 207, .body = R"({"successes":[],"errors":[]})"};
}

void SinkService::insert(const std::vector<std::uint64_t>& span_ids) {
  stats_.spans += span_ids.size();
  for (const std::uint64_t id : span_ids) ++(seen_.insert(id) ? stats_.unique : stats_.duplicates);
}

SinkReply SinkService::refuse(std::string_view why) {
  ++stats_.refused;
  return {.status = 400, .body = R"({"message":")" + std::string(why) + R"("})"};
}

std::string SinkService::stats_text() const {
  std::string text;
  for (const auto& [name, count] : kSinkCounts) {
    text += text.empty() ? "{\"" : ",\"";
    text += name + ("\":" + std::to_string(stats_.*count));
  }
  return text + '}';
}

}  // namespace llmtrace::bench
