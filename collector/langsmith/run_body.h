// The bodies of POST /runs/batch and POST /runs/multipart as what they ask for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "collector/langsmith/attachment.h"
#include "collector/langsmith/feedback.h"
#include "collector/langsmith/multipart.h"
#include "collector/langsmith/run_reader.h"

namespace llmtrace::collector {

struct RunBatch {
  std::vector<RunOperation> operations{};
  std::vector<Attachment> attachments{};
  std::vector<Feedback> feedback{};
};

struct RunBodyRules {
  std::size_t name_limit = 0;  // as in RunRules
  bool feedback_needs_session = false;
  std::int64_t received_us = 0;
};

/// {"post": [run...], "patch": [run...]}. Throws as read_run does.
RunBatch read_run_batch(std::string_view json, const RunBodyRules& rules);

/// Runs as parts, with their large fields, attachments and feedback beside them. Throws as read_run
/// does.
RunBatch read_run_parts(const std::vector<MultipartPart>& parts, const RunBodyRules& rules);

}  // namespace llmtrace::collector
