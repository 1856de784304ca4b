// How feedback looks on the wire, and what it must be to go there.
#pragma once

#include <langsmith/feedback.h>

#include <string>
#include <string_view>

#include "common/src/destination.h"
#include "common/src/record.h"
#include "common/src/transport_impl.h"

namespace langsmith {
inline namespace v0 {

/// The most that feedback may have in bytes, and its key in characters.
inline constexpr std::size_t kMaxFeedbackBytes = 1'000'000;
inline constexpr std::size_t kMaxKeyCharacters = 180;

/// Four digits after the point: some servers refuse more.
std::string rounded(double score);
llmtrace::Json config_json(const FeedbackConfig& config);

/// A score, of whichever vendor's words, as LangSmith's feedback. `session_id` is its project's
/// UUID, for servers that want it; `with_project` keeps the one that the feedback names itself.
std::string feedback_text(const llmtrace::Score& score, std::string_view session_id,
                          bool with_project);

/// Submits feedback to `destinations`, the first of which is the primary one, and returns its id;
/// empty when it was dropped. What is wrong with it is counted and logged. Without any target, or
/// for a trace that is sampled out, there is nothing that it could be about: nothing is sent.
std::string submit_feedback(FeedbackParams params, std::string project,
                            const llmtrace::DestinationSet& destinations);

}  // namespace v0
}  // namespace langsmith
