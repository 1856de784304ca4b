#include "collector/plain_otlp_route.h"

#include <llmtrace/json_writer.h>

#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>

#include "collector/api/api_error.h"
#include "collector/json_reply.h"
#include "collector/otlp_json.h"
#include "collector/otlp_protobuf.h"
#include "collector/unpacked_body.h"

namespace llmtrace::collector {
namespace {

enum class Encoding { Protobuf, Json };

// A content type that a page cannot send across origins without asking first, which nobody answers.
Encoding encoding_of(const HttpRequest& request) {
  const std::string_view type = request.header("Content-Type").value_or("");
  if (type.starts_with("application/x-protobuf")) return Encoding::Protobuf;
  if (type.starts_with("application/json")) return Encoding::Json;
  throw ApiError(415, "unsupported_media_type",
                 "Content-Type must be application/x-protobuf or application/json");
}

SpanStore::Stored store(const HttpRequest& request, Encoding encoding, SpanStore& spans) {
  const UnpackedBody body(request, {.gzip = true}, PlainOtlpRoute::kBodyLimitBytes);
  return spans.put(encoding == Encoding::Protobuf
                       ? decode_otlp_protobuf(body.bytes(), Keep::JsonAndIndexed)
                       : decode_otlp_json(body.bytes(), Keep::JsonAndIndexed));
}

constexpr std::string_view kRefused =
    "traceId must be 32 and spanId 16 hexadecimal digits, not all of them 0";

std::string protobuf_reply(std::size_t refused) {
  std::string body;
  if (refused == 0) return body;
  std::string partial_success;
  protozero::pbf_writer fields(partial_success);
  fields.add_int64(1, static_cast<std::int64_t>(refused));
  fields.add_string(2, kRefused.data(), kRefused.size());
  protozero::pbf_writer(body).add_message(1, partial_success);
  return body;
}

std::string json_reply_body(std::size_t refused) {
  if (refused == 0) return "{}";
  std::string partial_success;
  JsonWriter(partial_success)
      .object({{"rejectedSpans", std::to_string(refused)}, {"errorMessage", kRefused}});
  return "{\"partialSuccess\":" + partial_success + "}";
}

}  // namespace

HttpResponse PlainOtlpRoute::post(const HttpRequest& request) {
  return api_answer([&] {
    const Encoding encoding = encoding_of(request);
    const SpanStore::Stored stored = store(request, encoding, store_);
    if (encoding == Encoding::Json) return json_reply(200, json_reply_body(stored.refused_count));
    return HttpResponse{.body = protobuf_reply(stored.refused_count),
                        .content_type = "application/x-protobuf"};
  });
}

HttpResponse PlainOtlpRoute::import(const HttpRequest& request) {
  return api_answer([&] {
    if (encoding_of(request) != Encoding::Json) {
      throw ApiError(415, "unsupported_media_type", "Content-Type must be application/json");
    }
    const SpanStore::Stored stored = store(request, Encoding::Json, store_);
    if (stored.span_count == 0) {
      throw ApiError(400, "bad_body",
                     "the body has no span that can be stored; " + std::string(kRefused));
    }
    std::string body;
    JsonWriter(body).object(
        {{"trace_ids", stored.trace_ids}, {"node_count", std::uint64_t{stored.span_count}}});
    return json_reply(200, std::move(body));
  });
}

HttpResponse PlainOtlpRoute::too_large() {
  return api_error_reply({413, "too_large", "the body is larger than 20 MiB; send less at a time"});
}

}  // namespace llmtrace::collector
