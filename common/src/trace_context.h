// W3C Trace Context, level 2: the texts of traceparent and tracestate. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/record.h"

namespace llmtrace {
inline namespace v0 {

/// What a traceparent says; nothing when it is none. Of later versions the part is read that
/// version 00 has, too.
std::optional<TraceParent> parse_traceparent(std::string_view text) noexcept;

/// The traceparent, of version 00, that says this.
std::string traceparent_text(const TraceParent& parent);

/// The traceparent, of version 00, by which another service continues `record`.
std::string traceparent_of(const Record& record, bool sampled);

/// The tracestate to hand on: the members of all such headers, in order, shortened to 4 KiB.
/// Nothing when one of them is malformed or comes twice, or when there are more than 32.
std::string checked_trace_state(const std::vector<std::string_view>& headers);

}  // namespace v0
}  // namespace llmtrace
