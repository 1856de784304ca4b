// Trace and observation ids. Every observation has a UUIDv7 made from its start time; the trace id
// is its root's UUID as 32 lower-case hex digits, an observation id the UUID's last 8 bytes as 16.
#pragma once

#include <llmtrace/export.h>

#include <string>
#include <string_view>

namespace llmtrace {
inline namespace v0 {

/// A new random trace id.
LLMTRACE_EXPORT std::string create_trace_id();
/// The trace id that belongs to `seed` (an order number, a message id): the first 16 bytes of its
/// SHA-256 as lower-case hex, so every language's SDK computes the same one.
LLMTRACE_EXPORT std::string create_trace_id(std::string_view seed);
/// The observation id that belongs to `seed`: the first 8 bytes of its SHA-256.
LLMTRACE_EXPORT std::string create_observation_id(std::string_view seed);

}  // namespace v0
}  // namespace llmtrace
