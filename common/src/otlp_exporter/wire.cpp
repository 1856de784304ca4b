#include "common/src/otlp_exporter/wire.h"

#include <algorithm>
#include <protozero/pbf_reader.hpp>

#include "common/src/http_text.h"
#include "common/src/json_value.h"
#include "common/src/utf8.h"
#include "common/src/verdict.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::size_t kShownBytes = 300;

// ExportTracePartialSuccess and its like: how many items were refused, and why.
struct PartialSuccess {
  std::uint64_t rejected = 0;
  std::string message;
};

// Proto3's JSON writes 64-bit integers as texts; servers write them as numbers, too.
std::uint64_t count_of(const JsonValue& value) {
  std::int64_t count = value.as_integer();
  if (value.is_string())
    count = JsonValue::parse(value.as_string()).value_or(JsonValue()).as_integer();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
}

std::optional<PartialSuccess> read_json(std::string_view body) {
  const auto reply = JsonValue::parse(body);
  if (!reply || !reply->is_object()) return std::nullopt;
  const JsonValue& partial = (*reply)["partialSuccess"];
  PartialSuccess result;
  for (const char* name : {"rejectedSpans", "rejectedLogRecords", "rejectedDataPoints"}) {
    result.rejected = std::max(result.rejected, count_of(partial[name]));
  }
  result.message = partial["errorMessage"].as_string();
  return result;
}

std::optional<PartialSuccess> read_protobuf(std::string_view body) {
  PartialSuccess result;
  try {
    protozero::pbf_reader reply(body.data(), body.size());
    while (reply.next()) {
      if (reply.tag_and_type() !=
          protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited)) {
        reply.skip();
        continue;
      }
      protozero::pbf_reader partial = reply.get_message();
      while (partial.next()) {
        switch (partial.tag_and_type()) {
          case protozero::tag_and_type(1, protozero::pbf_wire_type::varint):
            result.rejected =
                static_cast<std::uint64_t>(std::max<std::int64_t>(partial.get_int64(), 0));
            break;
          case protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited):
            result.message = partial.get_string();
            break;
          default:
            partial.skip();
        }
      }
    }
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
  return result;
}

// Receivers are known that answer JSON to protobuf. No protobuf message of these begins with a
// brace.
std::optional<PartialSuccess> read_partial_success(std::string_view body) {
  const std::size_t begin = body.find_first_not_of(" \t\r\n");
  const bool is_json = begin != std::string_view::npos && body[begin] == '{';
  return is_json ? read_json(body) : read_protobuf(body);
}

std::string one_line(std::string_view text) {
  std::string line;
  append_utf8(line, utf8_prefix(text, kShownBytes));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return line;
}

Verdict accepted(const HttpReply& reply) {
  Verdict verdict;
  const auto partial =
      reply.complete ? read_partial_success(reply.body) : std::optional<PartialSuccess>();
  if (!partial) {
    verdict.message = "HTTP " + std::to_string(reply.status) +
                      " with a reply that cannot be read; all of it counts as accepted";
    return verdict;
  }
  verdict.rejected = partial->rejected;
  if (partial->rejected > 0) {
    verdict.message = "the backend refused some of the batch (partial success)";
    if (!partial->message.empty()) verdict.message += ": " + one_line(partial->message);
  } else if (!partial->message.empty()) {
    verdict.message = "accepted with a warning: " + one_line(partial->message);
  }
  return verdict;
}

// What to look at, by what the status most often means.
std::string remedy(const OtlpEndpoint& endpoint, int status) {
  const std::string at = endpoint.url;
  switch (status) {
    case 404:
      return "; nothing is at " + at +
             ": check the endpoint's path (OTEL_EXPORTER_OTLP_ENDPOINT is a base URL, "
             "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT the whole one); of a backend that takes traces "
             "alone, set OTEL_LOGS_EXPORTER=none and OTEL_METRICS_EXPORTER=none";
    case 405:
      return "; " + at + " takes no POST: check the endpoint's path";
    case 400:
    case 415:
      return "; the backend may not read this encoding: try OTEL_EXPORTER_OTLP_PROTOCOL="
             "http/protobuf, http/json, or OTEL_EXPORTER_OTLP_COMPRESSION=none";
    case 500:
      return "; OTLP allows no retry after this status: look into the backend's own log";
    default:
      return "";
  }
}

bool is_retryable(int status) noexcept {
  return status == 0 || status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

HttpRequest otlp_request(const ResolvedOtlpConfig& config, const OtlpEndpoint& endpoint) {
  HttpRequest request;
  request.url = endpoint.url;
  request.timeout = endpoint.timeout;
  request.proxy = config.proxy;
  request.ca_file = endpoint.certificate;
  request.client_certificate = endpoint.client_certificate;
  request.client_key = endpoint.client_key;
  request.headers = endpoint.headers;
  request.headers.push_back({"Content-Type", endpoint.protocol == OtlpProtocol::HttpJson
                                                 ? "application/json"
                                                 : "application/x-protobuf"});
  return request;
}

Compression compression_of(const OtlpEndpoint& endpoint) noexcept {
  return endpoint.compression == OtlpCompression::Gzip ? Compression::Gzip : Compression::None;
}

Verdict judge_export(const OtlpEndpoint& endpoint, const HttpReply& reply, Timestamp now) {
  if (reply.status >= 200 && reply.status < 300) return accepted(reply);
  Verdict verdict = judge_status(reply, now);
  if (is_retryable(reply.status)) return verdict;
  const bool too_large = reply.status == 413;
  if (!too_large) verdict.kind = Verdict::Kind::Drop;
  verdict.message += remedy(endpoint, reply.status);
  return verdict;
}

}  // namespace v0
}  // namespace llmtrace
