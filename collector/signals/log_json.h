// LogLine of docs/collector.md.
#pragma once

#include <llmtrace/json_writer.h>

#include <cstdint>

#include "collector/signals/log_store.h"

namespace llmtrace::collector {

/// `trace_start_us` is what `offset_ms` counts from.
void write_log(JsonWriter& writer, const StoredLog& log, std::int64_t trace_start_us);

}  // namespace llmtrace::collector
