// Feedback as the API gives it out.
#pragma once

#include <string>
#include <vector>

#include "collector/langsmith/feedback.h"

namespace llmtrace::collector {

std::string feedback_json(const Feedback& feedback);
/// An array of them.
std::string feedback_json(const std::vector<Feedback>& feedback);

}  // namespace llmtrace::collector
