// The bytes behind the ids: a UUIDv7 per observation, W3C trace and span ids.
#pragma once

#include <llmtrace/clock.h>
#include <llmtrace/export.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace llmtrace {
inline namespace v0 {

using Uuid = std::array<std::uint8_t, 16>;
using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;

/// Lower-case hex of the bytes.
LLMTRACE_EXPORT std::string to_hex(const std::uint8_t* bytes, std::size_t count);
template <std::size_t Size>
std::string to_hex(const std::array<std::uint8_t, Size>& bytes) {
  return to_hex(bytes.data(), Size);
}
LLMTRACE_EXPORT void append_hex(std::string& out, const std::uint8_t* bytes, std::size_t count);

/// "018f...-....-7...-....-............"
LLMTRACE_EXPORT std::string uuid_text(const Uuid& uuid);

/// The span id of an observation: its UUID's last 8 bytes (never zero, for they hold the variant).
LLMTRACE_EXPORT SpanId span_id_of(const Uuid& uuid) noexcept;

/// For hash tables: the last bytes of a UUID are random.
struct UuidHash {
  std::size_t operator()(const Uuid& uuid) const noexcept {
    std::size_t hash = 0;
    std::memcpy(&hash, uuid.data() + 8, sizeof hash);
    return hash;
  }
};

/// A trace id from a user's text: as it is when it is 32 hex digits and not zero, else as
/// `create_trace_id(text)` computes it.
LLMTRACE_EXPORT TraceId trace_id_from(std::string_view text);
/// The same for observation ids, with 16 digits.
LLMTRACE_EXPORT SpanId span_id_from(std::string_view text);

/// A UUID from its text, with or without hyphens; other text is hashed.
LLMTRACE_EXPORT Uuid uuid_from(std::string_view text);

/// SHA-256 of `text`.
LLMTRACE_EXPORT std::array<std::uint8_t, 32> sha256(std::string_view text);

/// Keep a trace at `rate`? Decided by the id's low 56 bits, so every process decides alike. Byte 8
/// holds the UUID variant and is left out.
LLMTRACE_EXPORT bool is_sampled(const TraceId& id, double rate) noexcept;

/// Makes UUIDv7s: 48 bits of milliseconds, then random bits.
class LLMTRACE_EXPORT IdSource {
 public:
  /// Without a seed every thread draws from its own generator, seeded by the system once per thread
  /// and again in a forked child.
  explicit IdSource(std::optional<std::uint64_t> seed = std::nullopt) noexcept
      : seeded_(seed.has_value()), state_(seed.value_or(0)) {}
  Uuid next(Timestamp time) noexcept;

 private:
  bool seeded_;
  std::atomic<std::uint64_t> state_;
};

/// 64 random bits of the calling thread's generator.
LLMTRACE_EXPORT std::uint64_t random_bits() noexcept;

}  // namespace v0
}  // namespace llmtrace
