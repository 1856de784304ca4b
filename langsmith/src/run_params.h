// What a run's parameters are to the observation behind it.
#pragma once

#include <langsmith/run.h>

#include <string_view>

namespace langsmith {
inline namespace v0 {

/// Moves out of `params` what every observation has.
llmtrace::ObservationParams observation_params(RunParams& params);
/// The rest, which only runs have.
void add_details(const llmtrace::Observation& observation, RunParams&& params) noexcept;
void add_attachment(const llmtrace::Observation& observation, Attachment attachment) noexcept;

}  // namespace v0
}  // namespace langsmith
