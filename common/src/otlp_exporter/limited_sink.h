// LimitedSink stands before another sink and keeps OpenTelemetry's rules of an attribute list:
// no key twice, at most so many, no text longer than so many characters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/otlp/attribute_sink.h"

namespace llmtrace {
inline namespace v0 {

/// No limit where it is absent.
struct AttributeLimits {
  std::optional<std::size_t> value_length{};  // of texts, in characters
  std::size_t span_attributes = 128;
  std::size_t span_events = 128;
  std::size_t event_attributes = 128;
  std::optional<std::size_t> log_value_length{};
  std::size_t log_attributes = 128;
};

class LimitedSink final : public AttributeSink {
 public:
  LimitedSink(AttributeSink& target, std::size_t max_count,
              std::optional<std::size_t> max_characters)
      : target_(target), max_count_(max_count), max_characters_(max_characters) {}

  void string(std::string_view key, std::string_view value) override;
  void boolean(std::string_view key, bool value) override;
  void integer(std::string_view key, std::int64_t value) override;
  void number(std::string_view key, double value) override;
  void strings(std::string_view key, const std::vector<std::string>& values) override;

  /// What goes in now wins over the same key later. Of all other keys who writes them sees to it
  /// that they come once.
  void reserve(std::string_view key) { reserved_.emplace_back(key); }
  /// How many were left out for the limit.
  std::uint32_t dropped() const noexcept { return dropped_; }

 private:
  bool takes(std::string_view key) noexcept;
  std::string_view cut(std::string_view text) const noexcept;

  AttributeSink& target_;
  const std::size_t max_count_;
  const std::optional<std::size_t> max_characters_;
  std::size_t count_ = 0;
  std::uint32_t dropped_ = 0;
  std::vector<std::string> reserved_;
};

}  // namespace v0
}  // namespace llmtrace
