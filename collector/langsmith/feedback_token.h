// FeedbackToken lets somebody without a key give feedback on one run until it expires.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace llmtrace::collector {

struct FeedbackToken {
  static constexpr std::string_view kTable = "feedback_tokens";
  static constexpr std::string_view kKey = "id";

  std::string id{};
  std::string run_id{};
  std::string key{};
  std::int64_t expires_us = 0;
};

/// As visit_columns of Observation.
template <class Row, class Visitor>
requires std::same_as<std::remove_cvref_t<Row>, FeedbackToken>
void visit_columns(Row&& row, Visitor&& visit) {
  visit("id", row.id);
  visit("run_id", row.run_id);
  visit("key", row.key);
  visit("expires_us", row.expires_us);
}

}  // namespace llmtrace::collector
