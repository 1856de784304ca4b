// The OTLP exporter's wire: one Encoder per kind of request, all over HTTP. Facts are those of
// opentelemetry-proto 1.10 (docs/specification.md).
#pragma once

#include <llmtrace/metric_source.h>

#include <memory>
#include <string_view>

#include "common/src/encoder.h"
#include "common/src/otlp/span_encoder.h"
#include "common/src/otlp_exporter/resolved_config.h"

namespace llmtrace {
inline namespace v0 {

/// A request of that signal with everything but its body: URL, the content type of its protocol,
/// the user's headers, TLS files, timeout.
LLMTRACE_EXPORT HttpRequest otlp_request(const ResolvedOtlpConfig& config,
                                         const OtlpEndpoint& endpoint);

/// Content-Encoding of that signal's bodies.
Compression compression_of(const OtlpEndpoint& endpoint) noexcept;

/// What a reply to an export means: every 2xx is an acknowledgement, whose partial success (the
/// number of items that the server refused) is read in both encodings and never retried; a body
/// that cannot be read is only told. 429, 502, 503, 504 and no reply are retried; 413 and 400
/// split; every other status is final.
LLMTRACE_EXPORT Verdict judge_export(const OtlpEndpoint& endpoint, const HttpReply& reply,
                                     Timestamp now);

inline OtlpEncoding encoding_of(const OtlpEndpoint& endpoint) noexcept {
  return endpoint.protocol == OtlpProtocol::HttpJson ? OtlpEncoding::Json : OtlpEncoding::Protobuf;
}

/// Observations as spans.
std::unique_ptr<Encoder> make_span_lane_encoder(std::shared_ptr<const ResolvedOtlpConfig> config);
/// Scores as gen_ai.evaluation.result events, at the logs endpoint.
std::unique_ptr<Encoder> make_evaluation_lane_encoder(
    std::shared_ptr<const ResolvedOtlpConfig> config);
/// A logger's lines as log records.
std::unique_ptr<Encoder> make_line_lane_encoder(std::shared_ptr<const ResolvedOtlpConfig> config);
/// What a source counts; its first interval begins at `start`.
std::unique_ptr<Encoder> make_metric_lane_encoder(std::shared_ptr<const ResolvedOtlpConfig> config,
                                                  std::shared_ptr<const MetricSource> source,
                                                  Timestamp start);

}  // namespace v0
}  // namespace llmtrace
