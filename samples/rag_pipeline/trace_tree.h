// Prints traces as trees: type, name, latency, tokens, cost, scores.
#pragma once

#include <string>

#include "samples/rag_pipeline/records.h"

namespace rag {

/// The traces in the order of `logged`, with the figures of `found`.
std::string trace_trees(const RunRecords& logged, RunRecords found);

}  // namespace rag
