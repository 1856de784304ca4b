// What the tests of the API do with a MemoryDestination.
#pragma once

#include <gtest/gtest.h>
#include <llmtrace/testing.h>

#include <string>
#include <string_view>
#include <utility>

namespace llmtrace_tests {

using llmtrace::testing::MemoryDestination;
using llmtrace::testing::RecordedObservation;

inline RecordedObservation only(const MemoryDestination& memory) {
  const auto observations = memory.observations();
  EXPECT_EQ(observations.size(), 1U);
  return observations.empty() ? RecordedObservation{} : observations[0];
}

inline RecordedObservation named(const MemoryDestination& memory, std::string_view name) {
  for (const RecordedObservation& observation : memory.observations()) {
    if (observation.name == name) return observation;
  }
  ADD_FAILURE() << "no observation is called " << name;
  return {};
}

inline void record(std::string name) {
  llmtrace::start_observation({.name = std::move(name)}).end();
}

}  // namespace llmtrace_tests
