// Reads what RunLog wrote.
#pragma once

#include <string>

#include "samples/rag_pipeline/records.h"

namespace rag {

/// Throws std::runtime_error when the file cannot be read, a line is not what RunLog writes, or the
/// last line is missing: the program was ended before it was done.
RunRecords read_run_log(const std::string& file);

}  // namespace rag
