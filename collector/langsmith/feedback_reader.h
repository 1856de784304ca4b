// Reads feedback as POST /feedback, a multipart part and a token's holder give it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collector/langsmith/feedback.h"
#include "collector/langsmith/json_fields.h"

namespace llmtrace::collector {

struct FeedbackRules {
  std::string id{};  // for feedback that names none; empty = a new one
  bool needs_trace = false;
  bool needs_session = false;
  std::int64_t received_us = 0;
};

/// `json` is valid JSON; `what` names it in messages. Throws UnprocessableEntity.
Feedback read_feedback(std::string_view json, std::string what, const FeedbackRules& rules);

/// Lays the members that a PATCH or a token's holder may give over `feedback`.
void update_feedback(Feedback& feedback, std::string_view json, std::string what);

}  // namespace llmtrace::collector
