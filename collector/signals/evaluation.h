// OpenTelemetry's event gen_ai.evaluation.result as the score that it is.
#pragma once

#include <optional>

#include "collector/score.h"
#include "collector/signals/otlp_logs.h"

namespace llmtrace::collector {

/// Nothing for a record that is no such event, or one without a name, a value or a target.
std::optional<Score> score_of(const OtlpLogRecord& record);

}  // namespace llmtrace::collector
