// Tracing calls are noexcept: what could throw runs under `guarded`, which counts and goes on.
#pragma once

#include <exception>
#include <utility>

#include "common/src/cell.h"
#include "common/src/fork.h"

namespace llmtrace {
inline namespace v0 {

/// Runs `function`; an exception (no memory) counts as one item refused at each destination.
template <class Function>
void guarded(const DestinationSet& destinations, Function&& function) noexcept {
  try {
    std::forward<Function>(function)();
  } catch (const std::exception&) {
    for (const Ref<Destination>& destination : destinations.destinations()) {
      destination->refuse(DropReason::EncodeFailed);
    }
  }
}

/// The same for where `cell` goes.
template <class Function>
void guarded(const Cell& cell, Function&& function) noexcept {
  guarded(*cell.destinations_, std::forward<Function>(function));
}

/// The same where nothing exists yet that could be counted.
template <class Function>
void guarded(Function&& function) noexcept {
  try {
    std::forward<Function>(function)();
  } catch (const std::exception&) {  // no memory for an observation: there is none
  }
}

/// The environment that `propagate` gave the trace; empty when it gave none.
inline std::string propagated_environment(Cell& cell) {
  const Ref<const TraceAttributes> attributes = inherited_attributes(cell);
  return attributes ? attributes->environment : std::string();
}

}  // namespace v0
}  // namespace llmtrace
