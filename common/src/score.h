// Submitting scores: checked where they are given, so that what is wrong is said at once and never
// sent.
#pragma once

#include <llmtrace/export.h>
#include <llmtrace/observation_params.h>

#include <string>

#include "common/src/destination.h"
#include "common/src/record.h"

namespace llmtrace {
inline namespace v0 {

/// Submits a score to those destinations that keep its trace. A score without a name, with a value
/// that is absent, not finite or of another type than its data type, or without exactly one target,
/// is counted as rejected there, and logged.
LLMTRACE_EXPORT void submit_score(ScoreParams params, const DestinationSet& destinations,
                                  const std::string& environment);
/// The same for the observation of `record`, or the whole trace that it is in.
LLMTRACE_EXPORT void submit_score(ScoreParams params, const Record& record, bool whole_trace,
                                  const DestinationSet& destinations,
                                  const std::string& environment);
/// Submits a score that was checked. Its time and, when empty, its id are given here. When
/// `is_drawn`, the destinations are those that keep its trace; else it is drawn by the trace's id.
LLMTRACE_EXPORT void submit_checked(Score score, const DestinationSet& destinations,
                                    bool is_drawn = false);

}  // namespace v0
}  // namespace llmtrace
