// What a run's parameters are to the observation behind it.
#pragma once

#include <langsmith/run.h>

#include "common/src/cell.h"
#include "common/src/rate_limited_log.h"

namespace langsmith {
inline namespace v0 {

/// Moves out of `params` what every observation has.
llmtrace::ObservationParams observation_params(RunParams& params);
/// And the rest, which only runs have. What is wrong with an attachment is told in `log`.
llmtrace::StartOptions start_options(RunParams& params, llmtrace::RateLimitedLog& log);

}  // namespace v0
}  // namespace langsmith
