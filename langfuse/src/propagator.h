// Langfuse's part in distributed tracing: its baggage keys.
#pragma once

#include <memory>

#include "common/src/propagator.h"

namespace langfuse {
inline namespace v0 {

std::shared_ptr<const llmtrace::Propagator> make_propagator();

}  // namespace v0
}  // namespace langfuse
