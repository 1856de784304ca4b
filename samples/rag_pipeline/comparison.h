// Compares what a program logged with what the server returned, field by field.
#pragma once

#include <string>
#include <vector>

#include "samples/rag_pipeline/records.h"

namespace rag {

/// One line per difference; empty when both are equal. Missing, doubled and unexpected items are
/// differences. Costs and scores are equal within 1e-9 of their size (servers keep decimals).
std::vector<std::string> differences(const RunRecords& logged, const RunRecords& found);

}  // namespace rag
