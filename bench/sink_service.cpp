#include "bench/sink_service.h"

#include <charconv>
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

// What a LangSmith server tells of itself.
constexpr std::string_view kInfo =
    R"({"version":"0.15.0","batch_ingest_config":{"use_multipart_endpoint":true,"size_limit":100,)"
    R"("size_limit_bytes":20971520},"instance_flags":{"zstd_compression_enabled":true}})";

// So that a run and the span of the same observation are two.
constexpr std::uint64_t kRunMark = 0x5bd1e995'9e3779b9ULL;

// The parts of a multipart body, by their lengths.
struct Part {
  std::string_view name;
  std::string_view data;
};

bool next_part(std::string_view& rest, std::string_view boundary, Part& part) {
  constexpr std::string_view kName = "name=\"";
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  if (!rest.starts_with("--") || rest.substr(2, boundary.size()) != boundary) return false;
  const std::size_t head_end = rest.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return false;
  const std::string_view head = rest.substr(0, head_end);
  const std::size_t name = head.find(kName);
  const std::size_t length = head.find(kLength);
  if (name == std::string_view::npos || length == std::string_view::npos) return false;
  const std::size_t name_begin = name + kName.size();
  part.name = head.substr(name_begin, head.find('"', name_begin) - name_begin);
  std::size_t size = 0;
  const char* const digits = head.data() + length + kLength.size();
  if (std::from_chars(digits, head.data() + head.size(), size).ec != std::errc()) return false;
  const std::size_t data = head_end + 4;
  if (size > rest.size() || data + size + 2 > rest.size()) return false;
  part.data = rest.substr(data, size);
  rest.remove_prefix(data + size + 2);
  return true;
}

bool is_score(const JsonValue& score) {
  return score["name"].is_string() && (score["value"].is_number() || score["value"].is_string());
}

}  // namespace

SinkReply SinkService::answer(const SinkRequest& request) {
  if (request.method == "GET" && request.path == "/stats") return {.body = stats_text()};
  if (request.method == "GET" && request.path == "/info") return {.body = std::string(kInfo)};
  if (request.method != "POST") return {.status = 404, .body = "{}"};
  ++stats_.requests;
  stats_.bytes += request.body_size;
  if (request.content_encoding.empty()) {
    return answer_post(request.path, request.content_type, request.body, request.body_size);
  }
  if (!unpacker_.unpack(request.content_encoding, {request.body, request.body_size})) {
    return refuse("the body is not what its content encoding says");
  }
  return answer_post(request.path, request.content_type, unpacker_.data(), unpacker_.size());
}

SinkReply SinkService::answer_post(std::string_view path, std::string_view content_type, char* body,
                                   std::size_t size) {
  if (path.ends_with("/v1/traces")) return take_spans(content_type, body, size);
  if (path == "/api/public/scores") return take_scores({body, size});
  if (path == "/api/public/ingestion") return take_ingestion({body, size});
  if (path == "/runs/multipart") return take_runs(content_type, {body, size});
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

SinkReply SinkService::take_runs(std::string_view content_type, std::string_view body) {
  constexpr std::string_view kBoundary = "boundary=";
  constexpr std::size_t kPost = 5;  // "post."
  constexpr std::size_t kUuid = 36;
  const std::size_t at = content_type.find(kBoundary);
  if (at == std::string_view::npos) return refuse("the content type has no boundary");
  const std::string_view boundary = content_type.substr(at + kBoundary.size());
  span_ids_.clear();
  Part part;
  while (next_part(body, boundary, part)) {
    if (!part.name.starts_with("attachment.") && !JsonValue::is_valid(part.data)) {
      return refuse("a part is not JSON");
    }
    if (!part.name.starts_with("post.") || part.name.size() != kPost + kUuid) continue;
    std::string id(part.name.substr(kPost + 19));  // the last 8 bytes
    std::erase(id, '-');
    span_ids_.push_back(span_id_from_hex(id) ^ kRunMark);
  }
  if (!body.starts_with("--" + std::string(boundary) + "--")) return refuse("the body is cut");
  insert(span_ids_);
  return {.status = 202, .body = "{}"};
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
