// Trace parameters, as the attributes that every observation of the trace repeats.
#pragma once

#include <langfuse/trace.h>

#include "common/src/record.h"

namespace langfuse {
inline namespace v0 {

/// What is given replaces what was there; tags and metadata are added.
void merge(llmtrace::TraceAttributes& attributes, TraceUpdate update);

}  // namespace v0
}  // namespace langfuse
