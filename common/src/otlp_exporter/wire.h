// The OTLP exporter's wire: one Encoder per kind of request, all over HTTP. Facts are those of
// opentelemetry-proto 1.10 (docs/specification.md).
#pragma once

#include <memory>
#include <string_view>

#include "common/src/encoder.h"
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

/// Observations as spans.
std::unique_ptr<Encoder> make_span_lane_encoder(std::shared_ptr<const ResolvedOtlpConfig> config);

}  // namespace v0
}  // namespace llmtrace
