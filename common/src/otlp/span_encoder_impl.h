// What the two encodings share.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "common/src/otlp/span_encoder.h"

namespace llmtrace {
inline namespace v0 {

inline constexpr std::int32_t kStatusError = 2;

/// trace.proto's SpanFlags: W3C's flags in the lower eight bits, above them whether it is known
/// that the parent is in another process, and whether it is.
inline std::uint32_t span_flags(const Record& record) noexcept {
  constexpr std::uint32_t kSampled = 0x1;
  constexpr std::uint32_t kRandom = 0x2;
  constexpr std::uint32_t kKnowsRemote = 0x100;
  constexpr std::uint32_t kIsRemote = 0x200;
  return kSampled | kKnowsRemote | (record.has_random_trace_id ? kRandom : 0) |
         (record.remote && record.remote->is_remote && record.has_parent ? kIsRemote : 0);
}

/// W3C's trace state, of the whole trace; empty for most.
inline std::string_view trace_state(const Record& record) noexcept {
  return record.origin ? std::string_view(record.origin->trace_state) : std::string_view();
}

inline std::uint64_t unix_nanoseconds(Timestamp time) noexcept {
  const auto count =
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  return count < 0 ? 0 : static_cast<std::uint64_t>(count);
}

std::unique_ptr<SpanEncoder> make_protobuf_span_encoder(const OtlpResource& resource,
                                                        std::unique_ptr<SpanMapper> mapper);
std::unique_ptr<SpanEncoder> make_json_span_encoder(const OtlpResource& resource,
                                                    std::unique_ptr<SpanMapper> mapper);

}  // namespace v0
}  // namespace llmtrace
