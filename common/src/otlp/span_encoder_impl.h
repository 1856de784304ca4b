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

inline constexpr std::int32_t kSpanKindInternal = 1;
inline constexpr std::int32_t kStatusError = 2;

/// Backends refuse or hide spans without a name.
inline std::string_view span_name(const Record& record) noexcept {
  return record.name.empty() ? to_string(record.type) : std::string_view(record.name);
}

inline std::uint64_t unix_nanoseconds(Timestamp time) noexcept {
  const auto count =
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  return count < 0 ? 0 : static_cast<std::uint64_t>(count);
}

std::unique_ptr<SpanEncoder> make_protobuf_span_encoder(const OtlpResource& resource,
                                                        AttributeMapper mapper);
std::unique_ptr<SpanEncoder> make_json_span_encoder(const OtlpResource& resource,
                                                    AttributeMapper mapper);

}  // namespace v0
}  // namespace llmtrace
