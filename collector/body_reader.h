// BodyReader takes the fields of a JSON body one by one and notes an issue for each that has the
// wrong type, so that one reply can name them all. A field that is null counts as not given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/validation_issue.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {

class BodyReader {
 public:
  /// `body` must outlive the reader.
  explicit BodyReader(const JsonValue& body) : body_(body) {}

  std::optional<std::string> text(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key);
  std::optional<bool> boolean(std::string_view key);
  /// ISO 8601 with 'T' and an offset, as Unix milliseconds.
  std::optional<std::int64_t> time_ms(std::string_view key);
  /// Any JSON value: a string as it is, others as their JSON text.
  std::optional<std::string> any(std::string_view key);
  /// A JSON object; null when not given.
  const JsonValue& object(std::string_view key);
  /// An array of strings as JSON text.
  std::optional<std::string> text_list(std::string_view key);
  /// Text that must be one of `allowed`.
  std::optional<std::string> choice(std::string_view key,
                                    const std::vector<std::string_view>& allowed);

  [[nodiscard]] const JsonValue& value(std::string_view key) const { return body_[key]; }
  void reject(std::string_view key, std::string_view message);
  [[nodiscard]] bool is_valid() const noexcept { return issues_.empty(); }
  [[nodiscard]] const std::vector<ValidationIssue>& issues() const noexcept { return issues_; }

 private:
  void reject_type(std::string_view key, std::string_view expected);

  const JsonValue& body_;
  std::vector<ValidationIssue> issues_;
};

/// The issue of a body that is not an object, in the words clients look for.
ValidationIssue not_an_object(const JsonValue& body);

}  // namespace llmtrace::collector
