// Who the trace is for, as OpenTelemetry's programs hand it on: W3C Baggage by the names of the
// attributes.
#pragma once

#include <memory>

#include "common/src/propagator.h"

namespace llmtrace {
inline namespace v0 {

std::shared_ptr<const Propagator> make_baggage_propagator();

}  // namespace v0
}  // namespace llmtrace
