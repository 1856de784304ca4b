// What an HTTP reply means when its body carries no verdicts of its own.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "common/src/encoder.h"

namespace llmtrace {
inline namespace v0 {

/// The delay that a Retry-After header asks for: seconds or an HTTP-date; at most one hour; 60 s
/// for text that is neither; nothing for an empty header.
LLMTRACE_EXPORT std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value,
                                                                           Timestamp now);

/// 2xx: Delivered. No status, 408, 425, 429 and 5xx: Retry. 400, 413 and 422: Split. 401 and 403:
/// Drop as Unauthorized. 3xx and other 4xx: Drop as Rejected.
LLMTRACE_EXPORT Verdict judge_status(const HttpReply& reply, Timestamp now);

/// "HTTP 503" and the start of the reply's text, or the transport's error; one line, for a person.
LLMTRACE_EXPORT std::string describe(const HttpReply& reply);

}  // namespace v0
}  // namespace llmtrace
