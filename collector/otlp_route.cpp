#include "collector/otlp_route.h"

#include <llmtrace/json_writer.h>

#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "collector/bad_request.h"
#include "collector/identifier.h"
#include "collector/iso_time.h"
#include "collector/json_reply.h"
#include "collector/observation_mapper.h"
#include "collector/otlp_json.h"
#include "collector/otlp_protobuf.h"
#include "collector/unpacked_body.h"

namespace llmtrace::collector {
namespace {

// The header counts as a JavaScript Number: 4 and less is fine, more or not a number is refused.
void check_ingestion_version(const HttpRequest& request) {
  auto header = request.header("x-langfuse-ingestion-version");
  if (!header) header = request.header("x_langfuse_ingestion_version");
  if (!header) return;
  const std::string text(*header);
  char* end = nullptr;
  const double version = std::strtod(text.c_str(), &end);
  if (end != text.c_str() + text.size() || std::isnan(version) || version > 4) {
    throw BadRequest("unsupported x-langfuse-ingestion-version '" + text + "': send 4 or less");
  }
}

OtlpTrace decode(const HttpRequest& request) {
  const std::string_view type = request.header("Content-Type").value_or("");
  const bool is_protobuf = type.find("application/x-protobuf") != std::string_view::npos;
  if (!is_protobuf && type.find("application/json") == std::string_view::npos) {
    throw BadRequest("Invalid content type");
  }
  check_ingestion_version(request);
  const UnpackedBody body(request, {.gzip = true}, OtlpRoute::kBodyLimitBytes);
  return is_protobuf ? decode_otlp_protobuf(body.bytes()) : decode_otlp_json(body.bytes());
}

void check_ids(const OtlpTrace& trace) {
  std::size_t spans = 0;
  std::size_t invalid = 0;
  for (const OtlpResourceSpans& resource_spans : trace) {
    for (const OtlpScopeSpans& scope_spans : resource_spans.scope_spans) {
      for (const OtlpSpan& span : scope_spans.spans) {
        ++spans;
        if (!is_lower_hex(span.trace_id, 32) || !is_lower_hex(span.span_id, 16)) ++invalid;
      }
    }
  }
  if (invalid == 0) return;
  throw BadRequest(std::to_string(invalid) + " of " + std::to_string(spans) +
                   " spans lack a valid traceId (32 lower-case hex digits) or spanId (16); "
                   "the entire export was rejected");
}

StoreBatch map_all(const OtlpTrace& trace) {
  const std::int64_t received_ms = now_ms();
  StoreBatch batch;
  for (const OtlpResourceSpans& resource_spans : trace) {
    for (const OtlpScopeSpans& scope_spans : resource_spans.scope_spans) {
      for (const OtlpSpan& span : scope_spans.spans) {
        batch.observations.push_back(
            map_span(span, scope_spans, resource_spans.resource_attributes, received_ms));
        batch.facts.push_back(facts_of(span));
      }
    }
  }
  return batch;
}

// The real server answers with the queue job it made, even to protobuf; clients must not decode it.
std::string job_json() {
  std::string body;
  JsonWriter(body).object(
      {{"name", "otel-ingestion-job"}, {"id", make_uuid()}, {"timestamp", to_iso_text(now_ms())}});
  return body;
}

}  // namespace

HttpResponse OtlpRoute::post(const HttpRequest& request) {
  try {
    const OtlpTrace trace = decode(request);
    if (trace.empty()) return json_reply(200, "{}");
    check_ids(trace);
    store_.put(map_all(trace));
    return json_reply(200, job_json());
  } catch (const BadRequest& error) {
    return error_reply(400, error.what());
  } catch (const PayloadTooLarge& error) {
    return error_reply(413, error.what());
  }
}

HttpResponse OtlpRoute::too_large() {
  return error_reply(413, "the body is larger than 20 MiB; send fewer spans at a time");
}

}  // namespace llmtrace::collector
