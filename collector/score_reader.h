// Reads a score as POST /api/public/scores and the score-create event take it, and judges it by the
// server's rules.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "collector/score.h"
#include "collector/validation_issue.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {

/// Only internal evaluators may say EVAL; of the two ways in, the ingestion route lets them.
enum class EvalSource { Refused, Allowed };

struct ScoreReading {
  std::optional<Score> score{};  // nothing when there are issues
  std::vector<ValidationIssue> issues{};
};

/// A missing id is made up; `received_ms` becomes the score's time.
ScoreReading read_score(const JsonValue& body, EvalSource eval, std::int64_t received_ms);

}  // namespace llmtrace::collector
